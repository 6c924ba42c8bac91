using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using SafeTensor.Native;

namespace SafeTensor.Runtime.Sealing;

/// <summary>Writes one package: the parts by all cores, then the manifest, its header last, and then the folder gets its name.</summary>
internal sealed class PackageWriter : IDisposable
{
    private readonly SealPlan _plan;
    private readonly KeySchedule _keys;
    private readonly StagingFolder _folder;
    private readonly List<PackageOutput> _opened = [];
    private readonly DateTimeOffset _created;
    private readonly ILogger _logger;

    private PackageWriter(SealPlan plan, ReadOnlySpan<byte> modelKey)
    {
        _plan = plan;
        _created = plan.Options.TimeProvider.GetUtcNow();
        _logger = plan.Options.LoggerFactory.CreateLogger(typeof(ModelSealer));
        _folder = StagingFolder.Create(plan.Destination, plan.Source, plan.Options.Overwrite, _logger);
        try
        {
            _keys = new KeySchedule(modelKey, plan.Salt, plan.Options.Suite);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    internal static PackageInfo Write(SealPlan plan, ReadOnlySpan<byte> modelKey, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            using var writer = new PackageWriter(plan, modelKey);
            writer.WriteFiles(progress, cancellationToken);
            var info = writer.ReadAsALoader(modelKey, cancellationToken) with { Path = plan.Destination };
            writer._folder.Commit();
            SealLog.Sealed(writer._logger, SafeText.Escape(plan.ModelId), plan.Options.ModelVersion, SafeText.EscapePath(plan.Destination));
            return info;
        }
        catch (Exception e) when (e is UnauthorizedAccessException || SafeText.ShowsPath(e))
        {
            throw SafeText.Harmless(e);
        }
    }

    public void Dispose()
    {
        CloseFiles();
        _keys.Dispose();
        _folder.Dispose();
    }

    private void WriteFiles(IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        // Roots and tags are not known yet, but every byte of the manifest has its place already.
        var draft = ManifestWriter.Encode(Manifest());
        var tags = TagBytes();
        var manifestLength = ManifestHeader.Length + draft.Length + tags.Length;
        if (manifestLength > ManifestHeader.MaxManifestLength)
        {
            throw new SafeModelException(
                SafeModelError.LimitExceeded, ModelPackage.ParamsName,
                $"would have a manifest of {manifestLength} bytes; the limit is {ManifestHeader.MaxManifestLength}. Choose a larger SegmentSize.");
        }

        var tensors = _plan.Tensors.ConvertAll(part => part.Manifest);
        var prefix = SealedStructure.Prefix(tensors, manifestLength);
        var offsets = SealedStructure.Offsets(tensors, prefix.Length + manifestLength);
        var parameters = Create(ModelPackage.ParamsName);
        parameters.SetLength(offsets[^1]);
        WriteRecords(parameters, tensors, offsets);
        WriteParts(parameters, offsets, progress, cancellationToken);

        var body = ManifestWriter.Encode(Manifest());
        tags = TagBytes();
        var header = ManifestHeader.Create(_plan.Options.Suite, _plan.Options.SegmentSize, _plan.Salt, _plan.FileId, body, tags, _keys);
        parameters.Write(body, prefix.Length + ManifestHeader.Length);
        parameters.Write(tags, prefix.Length + ManifestHeader.Length + body.Length);
        parameters.Write(prefix, offset: 0);
        parameters.Write(header.Bytes, prefix.Length);
        if (_plan.Options.Signer is { } signer)
        {
            Create(SignatureFile.Name).Write(PackageSigner.Sign(header, [], signer).Span, offset: 0);
        }

        foreach (var file in _opened)
        {
            file.Flush();
        }

        CloseFiles();
    }

    private void WriteParts(PackageOutput parameters, long[] offsets, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        SourcePart[] parts = [.. _plan.Tensors, .. _plan.Files];
        var targets = new (PackageOutput File, long Offset)[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            targets[i] = parts[i].Manifest.Tensor is null ? (Create(parts[i].Manifest.Name), 0) : (parameters, offsets[i]);
        }

        var options = _plan.Options;
        var lengths = Array.ConvertAll(parts, part => part.Manifest.Length);
        SegmentPipeline.Run(
            lengths,
            options.SegmentSize,
            () => new SealWorker(parts, targets, () => new SegmentCipher(options.Suite, _keys.DataKey, _plan.FileId), options.SegmentSize),
            new ProgressMeter(progress, lengths.Sum()),
            cancellationToken);
    }

    private static void WriteRecords(PackageOutput file, List<ManifestPart> tensors, long[] offsets)
    {
        var buffer = new byte[ParamsFormat.RecordLength(ParamsFormat.MaxRank)];
        for (var i = 0; i < tensors.Count; i++)
        {
            var tensor = tensors[i].Tensor!;
            var record = buffer.AsSpan(0, ParamsFormat.RecordLength(tensor.Shape.Length));
            ParamsFormat.WriteRecord(record, tensor.Type, tensor.Shape, tensor.ByteLength);
            file.Write(record, offsets[i] - record.Length);
        }
    }

    private Manifest Manifest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        return new Manifest
        {
            ModelId = _plan.ModelId,
            ModelVersion = _plan.Options.ModelVersion,
            Created = _created,
            NotAfter = _plan.Options.NotAfter,
            Producer = _plan.Options.Producer ?? DefaultProducer,
            Tensors = _plan.Tensors.ConvertAll(part => WithRoot(part, hash)),
            Files = _plan.Files.ConvertAll(part => WithRoot(part, hash)),
        };
    }

    private static ManifestPart WithRoot(SourcePart part, IncrementalHash hash)
    {
        var root = new byte[PartDigest.Length];
        PartDigest.Root(hash, part.Leaves, root);
        var manifest = part.Manifest;
        return new ManifestPart
        {
            Number = manifest.Number,
            Name = manifest.Name,
            Length = manifest.Length,
            IsEncrypted = manifest.IsEncrypted,
            Root = root,
            Tensor = manifest.Tensor,
            Kind = manifest.Kind,
        };
    }

    private byte[] TagBytes()
    {
        var tags = new MemoryStream();
        foreach (var part in _plan.Tensors.Concat(_plan.Files))
        {
            tags.Write(part.Tags);
        }

        return tags.ToArray();
    }

    // Whatever a loader would refuse must not get its name. Code is checked once more: the source may have been changed between its check and its sealing.
    private PackageInfo ReadAsALoader(ReadOnlySpan<byte> modelKey, CancellationToken cancellationToken)
    {
        var any = new PackageExpectations(ModelId: null, MinimumVersion: 0, new FixedTime(DateTimeOffset.MinValue));
        using var package = SealedPackage.Open(_folder.Path, modelKey, any);
        using (var code = package.LoadCode(cancellationToken))
        {
            if (code is not null)
            {
                using var file = PackageFile.Open(LibC.AT_FDCWD, code.Code.Path, ModelPackage.CodeName);
                SharedLibrary.Check(file, _plan.Options.ClearCode, _plan.Options.LoggerFactory);
            }
        }

        return package.Describe();
    }

    private PackageOutput Create(string name)
    {
        var file = new PackageOutput(Path.Combine(_folder.Path, name));
        _opened.Add(file);
        return file;
    }

    private void CloseFiles()
    {
        foreach (var file in _opened)
        {
            file.Dispose();
        }

        _opened.Clear();
    }

    private static string DefaultProducer { get; } =
        $"SafeTensor {typeof(PackageWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";

    /// <summary>A sealing may carry a date that has passed; that is the loader's to say, not a fault of the package.</summary>
    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
