namespace SafeTensor.Tests;

/// <summary>Everything that is changed in a package, one thing at a time; each time it is put right again.</summary>
internal static class PackageChanges
{
    internal static void FlipEveryBit(RefusalTrial trial)
    {
        foreach (var (name, file) in trial.Package.Sealed)
        {
            Flip(trial, name, Enumerable.Range(0, file.Length).SelectMany(Bits));
        }
    }

    /// <summary>The bits of the first and the last byte of each piece.</summary>
    internal static void FlipAtBoundaries(RefusalTrial trial)
    {
        foreach (var (name, file) in trial.Package.Sealed)
        {
            var pieces = SmallPackage.Pieces(name, file).Where(piece => piece.Length > 0);
            Flip(trial, name, pieces.SelectMany<Piece, int>(piece => [piece.Start, piece.End - 1]).Distinct().SelectMany(Bits));
        }
    }

    internal static void FlipAtRandom(RefusalTrial trial, int count, int seed)
    {
        var random = new Random(seed);
        var files = trial.Package.Sealed.ToArray();
        var total = files.Sum(file => file.Value.Length);
        var bits = Enumerable.Range(0, count).Select(_ => random.NextInt64(8L * total)).ToLookup(bit => FileAt(bit / 8).Name, bit => bit - (8L * FileAt(bit / 8).Start));
        foreach (var file in bits)
        {
            Flip(trial, file.Key, file);
        }

        (string Name, int Start) FileAt(long at)
        {
            var (i, start) = (0, 0);
            for (; at >= start + files[i].Value.Length; i++)
            {
                start += files[i].Value.Length;
            }

            return (files[i].Key, start);
        }
    }

    /// <summary>What <see cref="FileEdits"/> and <see cref="ParamsEdits"/> make of each file, files that are gone, and each in the place of another.</summary>
    internal static void Edit(RefusalTrial trial)
    {
        var package = trial.Package;
        foreach (var (name, file) in package.Sealed)
        {
            var pieces = SmallPackage.Pieces(name, file);
            var edits = FileEdits.Of(file, pieces)
                .Concat(name == SmallPackage.Params ? ParamsEdits.Of(file, pieces) : [])
                .Concat(package.Sealed.Where(other => other.Key != name).Select(other => ($"the bytes of {other.Key}", other.Value)));
            foreach (var (what, bytes) in edits)
            {
                TryFile(trial, name, bytes, what);
            }

            Remove(trial, name);
        }
    }

    /// <summary>Files, and pieces of them, of other sealings with the same key: of the same model, and of its next version.</summary>
    internal static void Mix(RefusalTrial trial)
    {
        var package = trial.Package;
        foreach (var other in package.Others)
        {
            MixFiles(trial, other);
            foreach (var name in package.Sealed.Keys)
            {
                MixPieces(trial, name, package.Sealed, other);
                MixPieces(trial, name, other, package.Sealed);
            }
        }
    }

    private static IEnumerable<long> Bits(int at) => Enumerable.Range(0, 8).Select(bit => (8L * at) + bit);

    private static void Flip(RefusalTrial trial, string name, IEnumerable<long> bits)
    {
        var package = trial.Package;
        var changed = (byte[])package.Sealed[name].Clone();
        foreach (var bit in bits)
        {
            FlipOne(bit);
            trial.Try(package.Expected(name, changed), () => $"bit {bit % 8} of byte {bit / 8} of {name}");
            FlipOne(bit);
        }

        void FlipOne(long bit)
        {
            changed[bit / 8] ^= (byte)(1 << (int)(bit % 8));
            package.Poke(name, bit / 8, changed[bit / 8]);
        }
    }

    private static void Remove(RefusalTrial trial, string name)
    {
        var (path, away) = (Path.Combine(trial.Package.Folder, name), Path.Combine(trial.Package.Folder, name.ToUpperInvariant()));
        File.Move(path, away);
        trial.Try(name == SmallPackage.Signature ? ExpectedRefusal.SignatureInvalid : ExpectedRefusal.MissingFile, () => $"{name} renamed");
        File.Move(away, path);
    }

    private static void MixFiles(RefusalTrial trial, Dictionary<string, byte[]> other)
    {
        var names = trial.Package.Sealed.Keys.ToArray();
        for (var set = 1; set < 1 << names.Length; set++)
        {
            var taken = names.Where((_, i) => (set >> i & 1) != 0).ToList();
            var files = new Dictionary<string, byte[]>(trial.Package.Sealed);
            taken.ForEach(name => files[name] = other[name]);
            TryFiles(trial, files, $"{string.Join(", ", taken)} of another package");
        }
    }

    // Single pieces, and the header's in pairs, since what of it belongs together could be taken together.
    private static void MixPieces(RefusalTrial trial, string name, Dictionary<string, byte[]> to, Dictionary<string, byte[]> from)
    {
        var pieces = SmallPackage.Pieces(name, to[name]).Zip(SmallPackage.Pieces(name, from[name]), (place, source) => (place, source))
            .Where(piece => !to[name].AsSpan(piece.place.Start..piece.place.End).SequenceEqual(from[name].AsSpan(piece.source.Start..piece.source.End))).ToList();
        var pairs = pieces.Where(piece => name == SmallPackage.Params && !piece.place.Kind.StartsWith("CBOR", StringComparison.Ordinal)).ToList();
        foreach (var (place, source) in pieces)
        {
            var changed = FileEdits.Splice(to[name], place.Start, place.End, from[name].AsSpan(source.Start..source.End));
            TryFiles(trial, new Dictionary<string, byte[]>(to) { [name] = changed }, $"{place} of {name} of another package");
        }

        foreach (var (first, second) in pairs.SelectMany((first, i) => pairs.Skip(i + 1).Select(second => (first, second))).Where(pair => pair.first.place.End <= pair.second.place.Start))
        {
            var changed = FileEdits.Splice(to[name], second.place.Start, second.place.End, from[name].AsSpan(second.source.Start..second.source.End));
            changed = FileEdits.Splice(changed, first.place.Start, first.place.End, from[name].AsSpan(first.source.Start..first.source.End));
            TryFiles(trial, new Dictionary<string, byte[]>(to) { [name] = changed }, $"{first.place} and {second.place} of {name} of another package");
        }
    }

    private static void TryFile(RefusalTrial trial, string name, byte[] bytes, string what)
    {
        trial.Package.Write(name, bytes);
        trial.Try(trial.Package.Expected(name, bytes), () => $"{name}: {what}");
        trial.Package.Restore(name);
    }

    private static void TryFiles(RefusalTrial trial, Dictionary<string, byte[]> files, string what)
    {
        var package = trial.Package;
        var expected = package.Expected(files);
        if (expected == ExpectedRefusal.Accepted)
        {
            // It is one of the packages, whole: what was taken is the same in both.
            return;
        }

        var changed = files.Where(file => file.Value != package.Sealed[file.Key]).ToList();
        changed.ForEach(file => package.Write(file.Key, file.Value));
        trial.Try(expected, () => what);
        changed.ForEach(file => package.Restore(file.Key));
    }
}
