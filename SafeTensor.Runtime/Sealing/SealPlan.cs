using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SafeTensor.Runtime.Sealing;

/// <summary>A source that was opened and found fit to seal, and everything about its package but the key.</summary>
internal sealed class SealPlan : IDisposable
{
    private readonly List<PackageFile> _opened = [];

    private SealPlan(string destination, SealOptions options)
    {
        Destination = destination;
        Options = options;
    }

    internal string Destination { get; }

    internal SealOptions Options { get; }

    /// <summary>32 bytes.</summary>
    internal byte[] Salt { get; private set; } = [];

    /// <summary>16 bytes.</summary>
    internal byte[] FileId { get; private set; } = [];

    internal required string ModelId { get; init; }

    internal List<SourcePart> Tensors { get; } = [];

    internal List<SourcePart> Files { get; } = [];

    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="SafeModelException">The source is malformed.</exception>
    internal static SealPlan Create(string source, string destination, SealOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(destination);
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        var from = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
        if ((from + Path.DirectorySeparatorChar).StartsWith(target + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new ArgumentException($"The package '{target}' would replace its source '{from}'. Name another folder.", nameof(destination));
        }

        var plan = new SealPlan(target, options) { ModelId = options.ModelId ?? Path.GetFileName(from) };
        try
        {
            plan.CheckOptions();
            plan.Open(SourceFiles.Find(source));
            plan.DrawIdentity();
            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var file in _opened)
        {
            file.Dispose();
        }
    }

    private void CheckOptions()
    {
        CheckText(ModelId, nameof(SealOptions.ModelId));
        CheckText(Options.Producer ?? "", nameof(SealOptions.Producer));
        if (!ManifestHeader.IsSegmentSize(Options.SegmentSize))
        {
            throw new ArgumentException($"SegmentSize is {Options.SegmentSize}; it must be a power of two from 64 KiB to 4 MiB.");
        }

        if (Options.Suite is not (CipherSuite.Aes256Gcm or CipherSuite.ChaCha20Poly1305))
        {
            throw new ArgumentException($"Suite is {(int)Options.Suite}; it must be Aes256Gcm or ChaCha20Poly1305.");
        }

        if (Options.Signer is { } signer)
        {
            PublisherKey.Of(signer);
        }

        if (Options.NotAfter < DateTimeOffset.UnixEpoch)
        {
            throw new ArgumentException($"NotAfter is {Options.NotAfter:u}; it must be 1970 or later.");
        }
    }

    private void Open(SourceFiles files)
    {
        if (files.Parameters is { } parameters)
        {
            AddTensors(Open(parameters));
        }

        if (files.Code is { } code)
        {
            var file = Open(code);
            SharedLibrary.Check(file, Options.ClearCode, Options.LoggerFactory);
            Files.Add(File(file, ModelPackage.CodeName, FileKind.Code, !Options.ClearCode));
        }

        if (files.Graph is { } graph)
        {
            var file = Open(graph);
            GraphDescription.Read(file).RequireParameters([.. Tensors.Select(part => part.Manifest.Tensor!)]);
            Files.Add(File(file, ModelPackage.GraphName, FileKind.Graph, !Options.ClearGraph));
        }
    }

    private PackageFile Open(string path)
    {
        var file = PackageFile.Open(path);
        _opened.Add(file);
        return file;
    }

    private void AddTensors(PackageFile file)
    {
        var clear = new HashSet<string>(Options.ClearTensors, StringComparer.Ordinal);
        foreach (var (info, offset) in ParamsReader.Read(file))
        {
            if (info.Name == Manifest.TensorName)
            {
                throw new SafeModelException(SafeModelError.ModelInvalid, file.Name, "is sealed already. Seal the model's plain files.");
            }

            var part = new ManifestPart
            {
                Number = (uint)Tensors.Count,
                Name = info.Name,
                Length = info.ByteLength,
                IsEncrypted = !clear.Remove(info.Name),
                Root = new byte[PartDigest.Length],
                Tensor = info,
            };
            Tensors.Add(new SourcePart(part, file, offset, Options.SegmentSize));
        }

        if (clear.Count > 0)
        {
            throw new ArgumentException($"ClearTensors names '{clear.First()}', which the model does not have.");
        }
    }

    private SourcePart File(PackageFile file, string name, FileKind kind, bool encrypt)
    {
        if (file.Length == 0)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, file.Name, "is empty.");
        }

        var part = new ManifestPart
        {
            Number = ManifestPart.FirstFile + (uint)Files.Count,
            Name = name,
            Length = file.Length,
            IsEncrypted = encrypt,
            Root = new byte[PartDigest.Length],
            Kind = kind,
        };
        return new SourcePart(part, file, 0, Options.SegmentSize);
    }

    // The salt makes the key of this sealing new. Random alone would do, but for clones of one machine that draw the same.
    private void DrawIdentity()
    {
        Span<byte> seed = stackalloc byte[32 + 8 + 4 + 8];
        RandomNumberGenerator.Fill(seed[..32]);
        BinaryPrimitives.WriteInt64LittleEndian(seed[32..], DateTime.UtcNow.Ticks);
        BinaryPrimitives.WriteInt32LittleEndian(seed[40..], Environment.ProcessId);
        BinaryPrimitives.WriteInt64LittleEndian(seed[44..], _opened.Sum(file => file.Length));
        Salt = SHA256.HashData(seed);
        FileId = RandomNumberGenerator.GetBytes(ManifestHeader.FileIdLength);
    }

    private static void CheckText(string text, string option)
    {
        if (Encoding.UTF8.GetByteCount(text) > Manifest.MaxTextLength || text.Any(char.IsSurrogate) && !IsWellFormed(text))
        {
            throw new ArgumentException($"{option} must be at most {Manifest.MaxTextLength} bytes of UTF-8.");
        }
    }

    private static bool IsWellFormed(string text) => !text.EnumerateRunes().Contains(Rune.ReplacementChar) || text.Contains('\ufffd');
}
