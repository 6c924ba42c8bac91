using SafeTensor.Cli.Demo;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor demo</c></summary>
internal sealed class DemoVerb : Verb
{
    internal DemoVerb()
        : base(
            "demo",
            "A tour in a few seconds: seal the sample model, attack it, load it, run it.",
            "safetensor demo",
            "safetensor demo --json")
    {
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        context.Terminal.Remark("Sealing, attacking, loading and measuring: this takes a few seconds.");
        var result = await Task.Run(() => DemoTour.RunAsync(cancellationToken), cancellationToken);
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
