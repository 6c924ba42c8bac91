using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Unicode;
using Microsoft.Extensions.Logging.Abstractions;

namespace SafeTensor.Runtime.Sealing;

/// <summary>A source that was opened and found fit to seal, and everything about its package but the key.</summary>
internal sealed class SealPlan : IDisposable
{
    private readonly SourceFiles _source;

    private SealPlan(SourceFiles source, string destination, SealOptions options)
    {
        _source = source;
        Destination = destination;
        Options = options;
    }

    internal string Destination { get; }

    internal SealOptions Options { get; }

    /// <summary>Which files are sealed.</summary>
    internal IReadOnlyCollection<FileIdentity> Source => _source.Identities;

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
            throw new ArgumentException($"The package '{SafeText.EscapePath(target)}' would replace its source '{SafeText.EscapePath(from)}'. Name another folder.", nameof(destination));
        }

        var modelId = options.ModelId ?? SourceFiles.NameOf(from);
        CheckOptions(modelId, options);
        var plan = new SealPlan(SourceFiles.Open(source), target, options) { ModelId = modelId };
        try
        {
            plan.AddParts();
            plan.DrawIdentity();
            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    public void Dispose() => _source.Dispose();

    private static void CheckOptions(string modelId, SealOptions options)
    {
        CheckText(modelId, nameof(SealOptions.ModelId));
        CheckText(options.Producer ?? "", nameof(SealOptions.Producer));
        if (!ManifestHeader.IsSegmentSize(options.SegmentSize))
        {
            throw new ArgumentException($"SegmentSize is {options.SegmentSize}; it must be a power of two from 64 KiB to 4 MiB.");
        }

        if (options.Suite is not (CipherSuite.Aes256Gcm or CipherSuite.ChaCha20Poly1305))
        {
            throw new ArgumentException($"Suite is {(int)options.Suite}; it must be Aes256Gcm or ChaCha20Poly1305.");
        }

        if (options.Signer is { } signer)
        {
            PublisherKey.Of(signer);
        }

        if (options.NotAfter < DateTimeOffset.UnixEpoch)
        {
            throw new ArgumentException($"NotAfter is {options.NotAfter:u}; it must be 1970 or later.");
        }
    }

    private void AddParts()
    {
        var clear = new HashSet<string>(Options.ClearTensors, StringComparer.Ordinal);
        if (_source.Parameters is { } parameters)
        {
            AddTensors(parameters, clear);
        }

        if (clear.Count > 0)
        {
            throw new ArgumentException($"ClearTensors names '{SafeText.Escape(clear.First())}', which the model does not have.");
        }

        if (_source.Code is { } code)
        {
            // Tells what it needs only when it is sealed.
            SharedLibrary.Check(code, Options.ClearCode, NullLoggerFactory.Instance);
            Files.Add(File(code, ModelPackage.CodeName, FileKind.Code, !Options.ClearCode));
        }

        if (_source.Graph is { } graph)
        {
            GraphDescription.Read(graph).RequireParameters([.. Tensors.Select(part => part.Manifest.Tensor!)]);
            Files.Add(File(graph, ModelPackage.GraphName, FileKind.Graph, !Options.ClearGraph));
        }
    }

    private void AddTensors(PackageFile file, HashSet<string> clear)
    {
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
    }

    private SourcePart File(PackageFile file, string name, FileKind kind, bool encrypt)
    {
        if (file.Length == 0)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, file.Name, "is empty.");
        }

        file.RequireAtMost("bytes", (ulong)file.Length, Manifest.MaxFileLength);
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
        BinaryPrimitives.WriteInt64LittleEndian(seed[44..], _source.Length);
        Salt = SHA256.HashData(seed);
        FileId = RandomNumberGenerator.GetBytes(ManifestHeader.FileIdLength);
    }

    private static void CheckText(string text, string option)
    {
        Span<byte> bytes = stackalloc byte[Manifest.MaxTextLength];
        if (Utf8.FromUtf16(text, bytes, out _, out _, replaceInvalidSequences: false) != OperationStatus.Done)
        {
            throw new ArgumentException($"{option} must be at most {Manifest.MaxTextLength} bytes of UTF-8.");
        }
    }
}
