using System.Diagnostics;
using System.Text.Json;
using NUnit.Framework;
using SafeTensor.Residue;

namespace SafeTensor.Tests;

/// <summary>A process of its own that loads a model and searches itself for what that leaves.</summary>
internal sealed class ResidueProcess : IDisposable
{
    /// <summary>The threads that decrypt there, on whatever machine.</summary>
    internal const int Workers = 2;

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "SafeTensor.Residue.dll");

    private static readonly (string Name, string Value)[] Settings =
    [
        ("DOTNET_PROCESSOR_COUNT", $"{Workers}"),

        // Without second views of code, which come and go during a search, and with little garbage to search.
        ("DOTNET_EnableWriteXorExecute", "0"),
        ("DOTNET_GCgen0size", "400000"),
    ];

    private readonly ResidueModel _model;
    private readonly Process _process;

    /// <param name="model">What it is to load.</param>
    /// <param name="start">Starts a command with settings in its environment.</param>
    internal ResidueProcess(ResidueModel model, Func<IReadOnlyList<string>, IReadOnlyList<(string Name, string Value)>, Process> start)
    {
        _model = model;
        _process = start(["dotnet", Program, model.NeedleFile], Settings);
    }

    internal ResidueProcess(ResidueModel model, params IReadOnlyList<(string Name, string Value)> settings)
        : this(model, (command, general) => Start(command, [.. general, .. settings]))
    {
    }

    /// <summary>A load of the model.</summary>
    internal Request Load => new()
    {
        Step = Step.Load,
        Package = _model.Package,
        KeyFile = _model.KeyFile,
        RuntimeLibrary = TestRuntime.Library,
        Workers = Workers,
    };

    /// <summary>That model suspended, resumed.</summary>
    internal Request Resume => Load with { Step = Step.Resume };

    internal Answer Ask(Request request)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        var answer = _process.StandardOutput.ReadLine();
        Assert.That(answer, Is.Not.Null, () => $"{request.Step}: {End()}");
        return JsonSerializer.Deserialize<Answer>(answer!)!;
    }

    internal Answer Ask(Step step) => Ask(new Request { Step = step });

    internal Findings Search() => Findings.Of(_model, Ask(Step.Search).Scans[0]);

    /// <summary>Has it crash.</summary>
    /// <returns>Its exit code, and what it and its dump writer said.</returns>
    internal string Crash()
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(new Request { Step = Step.Crash }));
        return End();
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Start(IReadOnlyList<string> command, IReadOnlyList<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private string End()
    {
        var error = _process.StandardError.ReadToEnd();
        _process.WaitForExit();
        return $"{_process.ExitCode}: {error}";
    }
}
