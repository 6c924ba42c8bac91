using System.CommandLine;
using SafeTensor.Cli.Demo;
using SafeTensor.Cli.Options;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor demo [MODEL]</c></summary>
internal sealed class DemoVerb : Verb
{
    private readonly Argument<string?> _model = new("MODEL")
    {
        Description = "The compiled model to show it with: what seal takes. By default the sample, which reads digits.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly RuntimeOption _runtime = new();

    internal DemoVerb()
        : base(
            "demo",
            "A tour in a few seconds: seal a model, attack it, load it, run it.",
            "safetensor demo",
            "safetensor demo build/net --runtime /opt/tvm/lib/libtvm_runtime.so --json")
    {
        Add(_model);
        Add(_runtime);
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var tour = new DemoTour(context.Arguments.GetValue(_model), new SafeModelOptions { RuntimeLibrary = _runtime.Read(context.Arguments) });
        context.Terminal.Remark("Sealing, attacking, loading and measuring: this takes a few seconds.");
        var result = await Task.Run(() => tour.RunAsync(cancellationToken), cancellationToken);
        if (context.AsJson)
        {
            context.Terminal.WriteJson(json => DemoReport.WriteJson(json, result));
        }
        else
        {
            DemoReport.Write(context.Terminal.Out, result);
        }
    }
}
