using System.Runtime.CompilerServices;
using SafeTensor.Runtime;

namespace SafeTensor.Residue;

/// <summary>Loads a model and runs it, and searches the process for what that leaves.</summary>
internal sealed class Subject(Needle[] needles, Places places)
{
    // A search takes longer than what it waits for.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20), Patience = TimeSpan.FromMinutes(1);

    private SafeModel? _model;
    private ModelKey? _key;
    private Plants? _plants;

    internal Answer Do(Request request)
    {
        switch (request.Step)
        {
            case Step.Plant:
                _plants ??= new Plants(request.KeyFile);
                break;
            case Step.Search:
                return new Answer { Scans = [Search()] };
            case Step.Load or Step.Resume:
                return Load(request);
            case Step.Run:
                Run();
                break;
            case Step.Suspend:
                _model!.Suspend();
                break;
            case Step.Dispose:
                Dispose();
                break;
            case Step.Cycle:
                for (var i = 0; i < request.Times; i++)
                {
                    Load(request, progress: null, CancellationToken.None);
                    Run();
                    Dispose();
                }

                break;
            case Step.Measure:
                return Measure();
            case Step.Trip:
                new Thread(Trip) { IsBackground = true }.Start();
                break;
            case Step.Harden:
                ProcessHardening.Apply();
                break;
            case Step.Crash:
                Environment.FailFast("as it was asked to");
                break;
        }

        return new Answer();
    }

    private Scan Search() => ProcessScan.Run(needles, places);

    private Answer Load(Request request)
    {
        var scans = new List<Scan>();
        using var cancel = new CancellationTokenSource();
        var progress = request.Searches || request.Cancels ? new LoadProgress(Report) : null;
        places.Changed = request.Searches && request.LoadPath == LoadPath.LoadParams ? SearchAround : null;
        try
        {
            if (request.Step == Step.Resume)
            {
                _model!.ResumeAsync(progress, cancel.Token).GetAwaiter().GetResult();
            }
            else
            {
                Load(request, progress, cancel.Token);
            }

            return new Answer { Scans = scans, Reasons = _model!.Protection.Reasons };
        }
        catch (Exception e) when (e is SafeModelException or OperationCanceledException or InvalidOperationException)
        {
            if (request.Step == Step.Load)
            {
                _key?.Dispose();
            }

            return new Answer { Scans = scans, Error = (e as SafeModelException)?.Error.ToString() ?? e.GetType().Name };
        }
        finally
        {
            places.Changed = null;
        }

        void Report(ModelProgress done)
        {
            var isLast = done.BytesDone == done.BytesTotal;
            if (request.Searches && request.LoadPath != LoadPath.LoadParams && (isLast || scans.Count == 0))
            {
                // All others decrypt until they have progress to report, too; and at the end they have nothing left to do.
                scans.Add(SearchWhen(isLast ? 1 : request.Workers));
            }

            if (request.Cancels)
            {
                cancel.Cancel();
            }
        }

        // Keys, and the graph and the code of the models here, need a page each.
        void SearchAround(long length) => scans.AddRange(length > Environment.SystemPageSize ? [Search()] : []);
    }

    private void Load(Request request, IProgress<ModelProgress>? progress, CancellationToken cancellation)
    {
        var options = new SafeModelOptions
        {
            LoadPath = request.LoadPath,
            RuntimeLibrary = request.RuntimeLibrary,
            SecretWeights = request.SecretWeights,
            RequiredProtection = request.RequiredProtection,
        };
        if (request.KeySource is KeySource.Span or KeySource.SpanAsync)
        {
            using var own = new OwnKey(request.KeyFile, places);
            _model = request.KeySource == KeySource.Span
                ? SafeModel.Load(request.Package, own.Bytes, options)
                : SafeModel.LoadAsync(request.Package, own.Bytes, options, progress, cancellation).GetAwaiter().GetResult();
            return;
        }

        _key?.Dispose();
        _key = request.KeySource == KeySource.File ? ModelKey.FromFile(request.KeyFile) : Hold(request.KeyFile);
        _model = progress is null
            ? SafeModel.Load(request.Package, _key, options)
            : SafeModel.LoadAsync(request.Package, _key, options, progress, cancellation).GetAwaiter().GetResult();
    }

    private ModelKey Hold(string path)
    {
        using var own = new OwnKey(path, places);
        return ModelKey.FromBytes(own.Bytes);
    }

    /// <summary>Searches once that many ciphers hold the data key.</summary>
    private Scan SearchWhen(int ciphers)
    {
        var end = DateTime.UtcNow + Patience;
        while (true)
        {
            Thread.Sleep(Pause);
            var scan = Search();
            if (Ciphers(scan) == ciphers || DateTime.UtcNow > end)
            {
                return scan;
            }
        }

        static int Ciphers(Scan scan) => scan.Sightings.Count(sighting => sighting.Needle == (int)SecretKey.Data && sighting.Place != Places.Protected);
    }

    private void Run() => _model!.Run(_model.Inputs.ToDictionary(
        input => input.Name, input => TensorValue.Create(input.ElementType, new byte[input.ByteLength], [.. input.Shape])));

    [MethodImpl(MethodImplOptions.NoOptimization)]
    private static void Trip()
    {
        while (true)
        {
            try
            {
                string? nothing = null;
                _ = nothing!.Length;
            }
            catch (NullReferenceException)
            {
            }
        }
    }

    private void Dispose()
    {
        _model!.Dispose();
        _key?.Dispose();
    }

    private static Answer Measure()
    {
        GC.Collect(2, GCCollectionMode.Aggressive);
        GC.WaitForPendingFinalizers();
        var mappings = Mapping.OfThisProcess();
        return new Answer
        {
            ResidentBytes = Environment.WorkingSet,
            Descriptors = [.. Directory.GetFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "none any more")],
            FileMappings = [.. mappings.Where(mapping => mapping.Name != "").Select(mapping => mapping.ToString())],
            AnonymousMappings = mappings.Count(mapping => mapping.Name == ""),
        };
    }
}
