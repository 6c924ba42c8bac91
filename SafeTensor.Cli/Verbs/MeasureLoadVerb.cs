using System.CommandLine;
using SafeTensor.Cli.Bench;
using SafeTensor.Cli.Options;

namespace SafeTensor.Cli.Verbs;

/// <summary>What <c>bench load</c> starts for each of its measurements; hidden, since it makes sense to nobody else.</summary>
internal sealed class MeasureLoadVerb : Verb
{
    internal const string VerbName = "measure-load";

    private readonly Argument<LoadKind> _kind = new("KIND");
    private readonly Argument<string> _path = new("PATH");
    private readonly Option<string> _sample = new("--sample") { Required = true };
    private readonly Option<bool> _cold = new("--cold");
    private readonly KeyOption _key = new();
    private readonly ModelOptions _model = new();

    internal MeasureLoadVerb()
        : base(VerbName, "One measurement of bench load.")
    {
        Hidden = true;
        Add(_kind);
        Add(_path);
        foreach (var option in new Option[] { _sample, _cold, _key })
        {
            Add(option);
        }

        _model.AddTo(this);
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var arguments = context.Arguments;
        var kind = arguments.GetRequiredValue(_kind);
        using var key = kind.IsSealed() ? await _key.OpenAsync(context, cancellationToken) : null;
        var probe = new LoadProbe(kind, key, _model.Read(arguments));
        var measurement = await Task.Run(
            () => probe.Run(arguments.GetRequiredValue(_path), arguments.GetRequiredValue(_sample), arguments.GetValue(_cold)), cancellationToken);
        context.Terminal.WriteJson(measurement.WriteJson);
    }
}
