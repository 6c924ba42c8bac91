using System.Security.Cryptography;
using SafeTensor.Cli.Demo;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Cli.Bench;

/// <summary>The model that is measured, plain and sealed, and the sample likewise. All that is made for it is in one temporary folder.</summary>
internal sealed class LoadSubject : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("safetensor-bench-").FullName;
    private readonly string _source;

    private LoadSubject(string source, string sample)
    {
        _source = Plain = Path.GetFullPath(source);
        PlainSample = sample;
        RandomNumberGenerator.Fill(Key.Span);
    }

    /// <summary>Made for this run; its packages are deleted with it.</summary>
    internal ProtectedMemory Key { get; } = KeyPage.Create();

    internal string Plain { get; private set; }

    internal string Sealed => Path.Combine(_folder, "sealed");

    /// <summary>Who signed both packages, in PEM.</summary>
    internal string PublisherFile => Path.Combine(_folder, "publisher.pem");

    internal string PlainSample { get; }

    internal string SealedSample => Path.Combine(_folder, "sample");

    internal long WeightBytes { get; private set; }

    internal int Tensors { get; private set; }

    /// <summary>Whether the weights are random, since the model came without any.</summary>
    internal bool IsGenerated { get; private set; }

    /// <summary>Whether the page cache can be made to forget the files.</summary>
    internal bool CanBeCold => !PageCache.IsAllThereIs(Plain) && !PageCache.IsAllThereIs(Sealed);

    /// <param name="source">A folder with code and graph, with parameters or without.</param>
    /// <param name="inputs">The graph's arguments that are no parameters, where these are to be made.</param>
    /// <param name="terminal">For progress.</param>
    /// <param name="cancellationToken">Leaves nothing behind.</param>
    internal static async Task<LoadSubject> PrepareAsync(string source, IReadOnlyList<string> inputs, Terminal terminal, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(source))
        {
            throw new DirectoryNotFoundException($"There is no folder '{source}'.");
        }

        var subject = new LoadSubject(source, DemoSample.FindDirectory());
        try
        {
            await subject.MakePlainAsync(inputs, terminal, cancellationToken);
            await subject.SealAsync(terminal, cancellationToken);
            return subject;
        }
        catch
        {
            subject.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task MakePlainAsync(IReadOnlyList<string> inputs, Terminal terminal, CancellationToken cancellationToken)
    {
        using var files = SourceFiles.Open(_source);
        if (files.Code is not { } code || files.Graph is not { } graph || !File.Exists(Path.Combine(_source, graph.Name)))
        {
            throw new UsageException($"'{_source}' is no folder with a graph and compiled code, such as mod.json and mod.so, which every load needs.");
        }

        if (files.Parameters is null)
        {
            var parameters = RandomParameters.Choose(GraphDescription.Read(graph).Arguments, inputs);
            RequireRoom(RandomParameters.LengthOf(parameters), copies: 2);
            Plain = Directory.CreateDirectory(Path.Combine(_folder, "plain")).FullName;
            File.CreateSymbolicLink(Path.Combine(Plain, ModelPackage.CodeName), Path.Combine(_source, code.Name));
            File.CreateSymbolicLink(Path.Combine(Plain, ModelPackage.GraphName), Path.Combine(_source, graph.Name));
            await terminal.WithProgressAsync("Making weights", progress => Task.Run(() => Generate(parameters, progress, cancellationToken), cancellationToken));
        }
        else if (inputs.Count > 0)
        {
            throw new UsageException($"--input tells inputs from parameters where these are to be made; '{_source}' has its own in {files.Parameters.Name}.");
        }

        Count();
        if (!IsGenerated)
        {
            RequireRoom(WeightBytes, copies: 1);
        }
    }

    private bool Generate(IReadOnlyList<GraphTensor> parameters, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        RandomParameters.Write(Path.Combine(Plain, ModelPackage.ParamsName), parameters, progress, cancellationToken);
        return IsGenerated = true;
    }

    private void Count()
    {
        using var files = SourceFiles.Open(Plain);
        var tensors = ParamsReader.Read(files.Parameters!);
        Tensors = tensors.Length;
        WeightBytes = tensors.Sum(tensor => tensor.Info.ByteLength);
        if (WeightBytes == 0)
        {
            throw new UsageException($"'{_source}' has no weights outside its code, so that there is nothing to load.");
        }
    }

    private async Task SealAsync(Terminal terminal, CancellationToken cancellationToken)
    {
        using var publisher = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ModelKey.FromBytes(Key.Span);
        await File.WriteAllTextAsync(PublisherFile, publisher.ExportSubjectPublicKeyInfoPem(), cancellationToken);
        var options = new SealOptions { ModelId = Path.GetFileName(Path.TrimEndingDirectorySeparator(_source)), Signer = publisher };
        await ModelSealer.SealAsync(PlainSample, SealedSample, key, options, cancellationToken: cancellationToken);
        await terminal.WithProgressAsync("Sealing", progress => ModelSealer.SealAsync(Plain, Sealed, key, options, progress, cancellationToken));
    }

    private void RequireRoom(long weights, int copies)
    {
        // Besides weights: code, graph and the sample; and what the processes need themselves.
        const long other = 256 << 20;
        Require("on the disk of the temporary folder (the variable TMPDIR names another)", (weights * copies) + other, new DriveInfo(_folder).AvailableFreeSpace);

        // TVM's own way to load holds a file's bytes four times.
        Require("of memory", (weights * 4) + other, Math.Min(KernelText.Bytes("/proc/meminfo", "MemAvailable"), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
    }

    private static void Require(string what, long needed, long available)
    {
        if (needed > available)
        {
            throw new UsageException($"This needs {needed >> 20} MiB {what}; there are {available >> 20}.");
        }
    }
}
