using SafeTensor.Cli.Doctor;
using SafeTensor.Cli.Options;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor doctor</c></summary>
internal sealed class DoctorVerb : Verb
{
    private readonly RuntimeOption _runtime = new();

    internal DoctorVerb()
        : base(
            "doctor",
            "Look at what this machine offers for running and protecting models.",
            "safetensor doctor",
            "safetensor doctor --runtime /opt/tvm/libtvm_runtime.so --json") => Add(_runtime);

    internal override Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var report = MachineReport.Make(_runtime.Read(context.Arguments));
        if (context.AsJson)
        {
            context.Terminal.WriteJson(report.WriteJson);
        }
        else
        {
            report.Write(context.Terminal.Out);
        }

        context.ExitCode = report.ExitCode;
        return Task.CompletedTask;
    }
}
