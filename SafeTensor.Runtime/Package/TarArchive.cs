namespace SafeTensor.Runtime;

/// <summary>Finds the files in an uncompressed tar (ustar, pax, GNU) without reading or copying their data.</summary>
/// <remarks>
/// Stricter than the programs that unpack tars, since each of them reads tricks in a way of its own: a member that is no plain file or
/// folder, has a name that leads elsewhere, or has another's name, is refused, wherever in the tar it is.
/// Sources: POSIX.1-2017, pax; the GNU tar manual, "Basic Tar Format".
/// </remarks>
internal sealed class TarArchive
{
    // Far above what a model's tar has.
    private const int MaxHeaders = 4096;
    private const int MaxText = 64 << 10;

    /// <summary>Of zeros at the end; what programs pad the last record with.</summary>
    private const long MaxPadding = 1 << 20;

    private readonly PackageFile _file;
    private readonly List<TarMember> _members = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly byte[] _text = new byte[MaxText];
    private long _offset;

    // Of the member that follows, where a header of its own has said it.
    private string? _name;
    private long? _size;
    private bool _isAnnounced;

    private TarArchive(PackageFile file) => _file = file;

    /// <summary>Its regular files, in their order; each can be read as <see cref="PackageFile.Slice"/>.</summary>
    /// <exception cref="SafeModelException">
    /// <see cref="SafeModelError.ModelInvalid"/>: it is no tar, compressed, damaged, or holds what no model's tar needs; <see cref="SafeModelError.LimitExceeded"/>.
    /// </exception>
    internal static IReadOnlyList<TarMember> Read(PackageFile file)
    {
        var archive = new TarArchive(file);
        archive.RequireTar();
        archive.ReadHeaders();
        return archive._members;
    }

    private void RequireTar()
    {
        Span<byte> start = stackalloc byte[TarHeader.Length];
        start = start[..(int)Math.Min(start.Length, _file.Length)];
        _file.Read(0, start);
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) || start.StartsWith("BZh"u8) || start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z'])
            || start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) || start.StartsWith("PK"u8))
        {
            throw Invalid("is compressed, and nothing is unpacked to disk for you. Unpack it, and name the .tar or the folder that comes out.");
        }

        if (start.Length < TarHeader.Length || (!new TarHeader(start).IsTar && start.ContainsAnyExcept((byte)0)))
        {
            throw Invalid("is neither a tar nor a .so. Name the folder with the model's files, tvmc's .tar, or the .so.");
        }
    }

    private void ReadHeaders()
    {
        Span<byte> block = stackalloc byte[TarHeader.Length];
        for (var headers = 0; ; headers++)
        {
            ReadBlock(block);
            if (!block.ContainsAnyExcept((byte)0))
            {
                ReadEnd(block);
                return;
            }

            _file.RequireAtMost("members", (ulong)headers + 1, MaxHeaders);
            var header = new TarHeader(block);
            if (!header.IsTar || !header.IsWhole || header.Size < 0)
            {
                throw Invalid($"is damaged: there is no whole header at byte {_offset - TarHeader.Length}. Make it again.");
            }

            ReadMember(header);
        }
    }

    private void ReadMember(TarHeader header)
    {
        switch (header.Kind)
        {
            case 'x':
                ReadPax(header.Size, isGlobal: false);
                break;
            case 'g':
                ReadPax(header.Size, isGlobal: true);
                break;
            case 'L':
                Announce(ReadText(header.Size).TrimEnd((byte)0), size: null);
                break;
            case 'K':
                // The target of a link, which is refused when it comes.
                ReadText(header.Size);
                break;
            default:
                Add(header);
                break;
        }
    }

    private void Add(TarHeader header)
    {
        var name = _name ?? NameIn(header);
        var size = _size ?? header.Size;
        (_name, _size, _isAnnounced) = (null, null, false);
        if (header.Kind is not ('0' or '7' or '5'))
        {
            throw Invalid($"holds '{SafeText.Escape(name)}', which is {Describe(header.Kind)}. Pack files alone: tar --dereference --hard-dereference.");
        }

        var isFolder = header.Kind == '5';
        var path = Normalize(name, isFolder);
        if (isFolder ? size != 0 : path.Length == 0)
        {
            throw Invalid($"holds '{SafeText.Escape(name)}', which is a folder that has data, or a file that has no name. Make it again.");
        }

        // The tar's own folder, "./", may come as often as it likes.
        if (path.Length > 0 && !_names.Add(path))
        {
            throw Invalid($"holds '{SafeText.Escape(path)}' twice. Pack each file once.");
        }

        var offset = Skip(size);
        if (!isFolder)
        {
            _members.Add(new TarMember(path, offset, size));
        }
    }

    private void ReadPax(long size, bool isGlobal)
    {
        if (!PaxRecords.TryParse(ReadText(size), out var records))
        {
            throw Invalid($"has a pax header that is not well formed, before byte {_offset}. Make it again.");
        }

        if (records.IsSparse)
        {
            throw Invalid("holds a sparse file. Pack it without --sparse.");
        }

        if (!isGlobal)
        {
            Announce(records.Path, records.Size);
        }
        else if (!records.Path.IsEmpty || records.Size is not null)
        {
            throw Invalid("has a pax header that gives all members one name or size. Make it again.");
        }
    }

    private void Announce(ReadOnlySpan<byte> name, long? size)
    {
        // GNU's way and POSIX's for one member: programs differ in which they believe.
        if (_isAnnounced)
        {
            throw Invalid($"has two headers for the name of one member, before byte {_offset}. Make it again.");
        }

        _isAnnounced = true;
        _name = name.IsEmpty ? null : Decode(name);
        _size = size;
    }

    private string NameIn(TarHeader header)
    {
        Span<byte> name = stackalloc byte[TarHeader.Length];
        return header.TryCopyName(name, out var length) ? Decode(name[..length]) : throw BadName();
    }

    private string Decode(ReadOnlySpan<byte> bytes) => TensorName.TryDecode(bytes, out var name) ? name : throw BadName();

    // As a file system would take it, so that ./mod.so and .//mod.so are mod.so.
    private string Normalize(string name, bool isFolder)
    {
        var parts = name.Split('/');
        if (name[0] == '/' || name.Contains('\\', StringComparison.Ordinal) || parts.Contains(".."))
        {
            throw Invalid($"holds '{SafeText.Escape(name)}', a name that leads out of the tar or holds a backslash. Pack files by names relative to their folder: tar -C FOLDER.");
        }

        return !isFolder && parts[^1] is "" or "." ? "" : string.Join('/', parts.Where(part => part is not ("" or ".")));
    }

    private ReadOnlySpan<byte> ReadText(long size)
    {
        _file.RequireAtMost("bytes in a header", (ulong)size, MaxText);
        var text = _text.AsSpan(0, (int)size);
        _file.Read(Skip(size), text);
        return text;
    }

    /// <returns>Where the data began that is passed over.</returns>
    private long Skip(long size)
    {
        var offset = _offset;
        var left = _file.Length - offset;
        var padded = size > left ? long.MaxValue : (size + TarHeader.Length - 1) / TarHeader.Length * TarHeader.Length;
        if (padded > left)
        {
            throw CutOff();
        }

        _offset += padded;
        return offset;
    }

    private void ReadBlock(Span<byte> block) => _file.Read(Skip(block.Length), block);

    private void ReadEnd(Span<byte> block)
    {
        ReadBlock(block);
        var isClean = !_isAnnounced && !block.ContainsAnyExcept((byte)0) && _file.Length - _offset <= MaxPadding;
        while (isClean && _offset < _file.Length)
        {
            var rest = block[..(int)Math.Min(block.Length, _file.Length - _offset)];
            _file.Read(_offset, rest);
            _offset += rest.Length;
            isClean = !rest.ContainsAnyExcept((byte)0);
        }

        if (!isClean)
        {
            throw Invalid($"has more than an end where it ends, at byte {_offset}. Make it again.");
        }
    }

    private static string Describe(char kind) => kind switch
    {
        '1' => "a hard link",
        '2' => "a symbolic link",
        '3' or '4' => "a device",
        '6' => "a FIFO",
        'S' => "a sparse file",
        _ => $"of the unknown kind 0x{(int)kind:x2}",
    };

    private SafeModelException BadName() => Invalid("holds a name that is empty, longer than 1024 bytes, not UTF-8, or has a null or control character in it. Rename the file.");

    private SafeModelException CutOff() => Invalid($"is cut off: it has {_file.Length} bytes, and goes on at byte {_offset}. Copy the whole file again.");

    private SafeModelException Invalid(string message) => new(SafeModelError.ModelInvalid, _file.Name, message);
}
