using System.CommandLine;
using SafeTensor.Cli.Bench;
using SafeTensor.Cli.Options;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor bench load PATH</c></summary>
internal sealed class BenchLoadVerb : Verb
{
    private readonly Argument<string> _path = new("PATH")
    {
        Description = "A plain model's folder: mod.json and mod.so, and mod.params. Where mod.params is missing, random weights of the graph's shapes are made, in the temporary folder.",
    };

    private readonly Option<string[]> _inputs = new("--input") { HelpName = "NAME", Description = "Without mod.params: an argument of the graph that is no parameter; may be repeated. By default all are inputs but p0, p1 and so on, as TVM names parameters." };
    private readonly Option<int> _rounds = new("--rounds") { HelpName = "N", Description = "How often each load is measured; the median is shown.", DefaultValueFactory = _ => 5 };
    private readonly ModelOptions _model = new();

    internal BenchLoadVerb()
        : base(
            "load",
            "Compare ways to load a model, plain and sealed, each in a process of its own, with what this machine could do at best. With --runtime, TVM's own way is measured on that library too.",
            "safetensor bench load samples/digits",
            "safetensor bench load build/net --rounds 9 --json")
    {
        _rounds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--rounds must be 1 or more.");
            }
        });
        Add(_path);
        Add(_inputs);
        Add(_rounds);
        _model.AddTo(this);
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var (arguments, terminal) = (context.Arguments, context.Terminal);
        var runtime = _model.Read(arguments).RuntimeLibrary;
        var rounds = arguments.GetValue(_rounds);
        using var subject = await LoadSubject.PrepareAsync(arguments.GetRequiredValue(_path), arguments.GetValue(_inputs) ?? [], terminal, cancellationToken);
        var cases = Cases(runtime, subject.CanBeCold).ToList();
        var measuring = new LoadRounds(subject, [.. _model.Given(arguments)]);
        var rows = await terminal.WithProgressAsync("Loading", progress => measuring.RunAsync(cases, rounds, progress, cancellationToken));
        var result = new LoadResult(
            arguments.GetRequiredValue(_path), subject.WeightBytes, subject.Tensors, subject.IsGenerated, rounds,
            [.. rows.Where(row => !LoadKinds.Floors.Contains(row.Case.Kind))], [.. rows.Where(row => LoadKinds.Floors.Contains(row.Case.Kind))]);
        if (context.AsJson)
        {
            terminal.WriteJson(json => LoadReport.WriteJson(json, result));
        }
        else
        {
            LoadReport.Write(terminal, result);
        }
    }

    /// <summary>All loads warm, then all cold; Apache's runtime beside the embedded one; and the floors, which know no disk.</summary>
    private static IEnumerable<LoadCase> Cases(string? runtime, bool withCold)
    {
        foreach (var isCold in withCold ? new[] { false, true } : [false])
        {
            foreach (var kind in LoadKinds.Loads)
            {
                yield return new LoadCase(kind, isCold);
                if (kind == LoadKind.StockLoadParams && runtime is not null)
                {
                    yield return new LoadCase(kind, isCold, Path.GetFullPath(runtime));
                }
            }
        }

        foreach (var kind in LoadKinds.Floors)
        {
            yield return new LoadCase(kind, IsCold: false);
        }
    }
}
