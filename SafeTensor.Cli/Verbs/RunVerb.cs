using System.CommandLine;
using System.Diagnostics;
using SafeTensor.Cli.Inputs;
using SafeTensor.Cli.Options;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor run PATH --key KEY</c></summary>
internal sealed class RunVerb : Verb
{
    private readonly Argument<string> _path = new("PATH") { Description = "The sealed model's folder." };
    private readonly KeyOption _key = new();
    private readonly Option<bool> _plain = new("--plain") { Description = "PATH is an unprotected model: a folder, a .tar or a .so. Takes no key." };
    private readonly Option<string[]> _inputs = new("--input") { HelpName = "[NAME=]FILE", Description = "A .npy, .bin, .json or .png file; may be repeated. NAME may be left out where the model has one input. Without any, the model runs on zeros." };
    private readonly Option<double?> _scale = new("--scale") { HelpName = "F", Description = "Multiply a picture's 0 … 255 by this, instead of making it 0 … 1 for floats." };
    private readonly Option<string> _outputDirectory = new("--output-dir") { HelpName = "DIR", Description = "Write output0.npy, output1.npy … there." };
    private readonly ModelOptions _model = new();

    internal RunVerb()
        : base(
            "run",
            "Load a sealed model and run it once.",
            "safetensor run dist/digits --key digits.key --input samples/digits/digit0.png --scale 0.004166667",
            "safetensor run dist/net --key env:NET_KEY --input left=a.npy --input right=b.npy --output-dir results --json")
    {
        Add(_path);
        foreach (var option in new Option[] { _key, _plain, _inputs, _scale, _outputDirectory })
        {
            Add(option);
        }

        _model.AddTo(this);
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var arguments = context.Arguments;
        var inputs = new InputFiles([.. (arguments.GetValue(_inputs) ?? []).Select(InputArgument.Parse)], arguments.GetValue(_scale));
        var outputDirectory = arguments.GetValue(_outputDirectory);
        var options = _model.Read(arguments);

        using var key = arguments.GetValue(_plain) ? NoKey(arguments) : await _key.OpenAsync(context, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        using var model = await LoadAsync(context, key, options, cancellationToken);
        var loadTime = Stopwatch.GetElapsedTime(started);

        var values = inputs.Read(model.Inputs);
        if (inputs.IsEmpty)
        {
            context.Terminal.Remark("No --input was given: the model runs on zeros.");
        }

        started = Stopwatch.GetTimestamp();
        var outputs = await model.RunAsync(values, cancellationToken);
        var report = new RunReport(model, outputs, loadTime, Stopwatch.GetElapsedTime(started), outputDirectory);
        report.SaveOutputs();
        if (context.AsJson)
        {
            context.Terminal.WriteJson(report.WriteJson);
        }
        else
        {
            report.Write(context.Terminal);
        }
    }

    private Task<SafeModel> LoadAsync(VerbContext context, ModelKey? key, SafeModelOptions options, CancellationToken cancellationToken)
    {
        var path = context.Arguments.GetRequiredValue(_path);
        return key is null
            ? Task.Run(() => SafeModel.LoadPlain(path, options), cancellationToken)
            : context.Terminal.WithProgressAsync("Loading", progress => SafeModel.LoadAsync(path, key, options, progress, cancellationToken));
    }

    private ModelKey? NoKey(ParseResult arguments) =>
        arguments.GetValue(_key) is null ? null : throw new UsageException("--plain is for models without a key: leave out --plain or --key.");
}
