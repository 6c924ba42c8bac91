using System.Globalization;
using System.Text.Json;
using SafeTensor.Runtime;
using Spectre.Console;

namespace SafeTensor.Cli.Doctor;

/// <summary>What this machine offers a program that runs models, as a table and as JSON.</summary>
internal sealed class MachineReport
{
    private readonly string? _runtime;
    private readonly ProcessHardening _process;
    private readonly List<Check> _checks = [];

    private MachineReport(string? runtimeLibrary)
    {
        _runtime = Try("runtime", () => runtimeLibrary is not null && RuntimeLibrary.IsForRelax(runtimeLibrary) ? RelaxRuntime.Load(runtimeLibrary) : TvmRuntime.Load(runtimeLibrary));
        Try("code in memory", () =>
        {
            CodeImage.Try();
            return "can be loaded (memfd)";
        });
        _process = ProcessHardening.Inspect();
        var warnings = _process.Warnings.Select(warning => warning.Split(": ", 2)).ToLookup(warning => warning[0], warning => warning[1]);
        (string Subject, string Found)[] facts =
        [
            ("processors", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
            ("AES", _process.HasAes ? "instructions" : "no instructions"),
            ("huge pages", _process.HasHugePages ? "yes" : "no"),
            ("locked memory", IsLockUnlimited ? "unlimited" : string.Create(CultureInfo.InvariantCulture, $"{_process.MemoryLockLimit} bytes")),
            ("secret memory", _process.HasSecretMemory ? "yes (memfd_secret)" : "no"),
            ("user", _process.IsRoot ? "root" : "not root"),
            ("dumps", _process.IsDumpable ? "of a program that does not call ProcessHardening.Apply()" : "none"),
            ("core files", _process.CoreFilesDisabled ? "off" : "on"),
        ];
        _checks.AddRange(facts.Select(fact => Check(fact.Subject, fact.Found, warnings[fact.Subject])));

        // Such as a debugger, which is no fact of every machine.
        _checks.AddRange(warnings.ExceptBy(facts.Select(fact => fact.Subject), warning => warning.Key).Select(warning => Check(warning.Key, "", warning)));
    }

    /// <summary>That with which <c>run</c> would end here, whatever the model.</summary>
    internal int ExitCode { get; private set; } = Cli.ExitCode.Done;

    private bool IsLockUnlimited => _process.MemoryLockLimit == long.MaxValue;

    /// <param name="runtimeLibrary">Of Apache's; <see langword="null"/> for the embedded runtime.</param>
    internal static MachineReport Make(string? runtimeLibrary) => new(runtimeLibrary);

    internal void Write(IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns("", "looked at", "found", "what to do");
        foreach (var check in _checks)
        {
            var colour = check.Status switch { CheckStatus.Ok => Color.Green, CheckStatus.Warning => Color.Yellow, _ => Color.Red };
            table.AddRow(
                new Text(Name(check.Status), new Style(colour)),
                new Text(check.Subject),
                new Text(TerminalText.Escape(check.Found)),
                new Text(string.Join('\n', check.Advice.Select(TerminalText.Escape))));
        }

        console.Write(table);
    }

    internal void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBoolean("canRun", ExitCode == Cli.ExitCode.Done);
        json.WriteString("runtime", _runtime);
        json.WriteNumber("processors", Environment.ProcessorCount);
        json.WriteBoolean("hasAes", _process.HasAes);
        json.WriteBoolean("hasHugePages", _process.HasHugePages);
        json.WriteBoolean("hasSecretMemory", _process.HasSecretMemory);
        if (IsLockUnlimited)
        {
            json.WriteNull("memoryLockLimit");
        }
        else
        {
            json.WriteNumber("memoryLockLimit", _process.MemoryLockLimit);
        }

        json.WriteBoolean("isRoot", _process.IsRoot);
        json.WriteBoolean("isDumpable", _process.IsDumpable);
        json.WriteBoolean("coreFilesDisabled", _process.CoreFilesDisabled);
        json.WriteBoolean("diagnosticsEnabled", _process.DiagnosticsEnabled);
        json.WriteStartArray("checks");
        foreach (var check in _checks)
        {
            json.WriteStartObject();
            json.WriteString("subject", check.Subject);
            json.WriteString("status", Name(check.Status));
            json.WriteString("found", check.Found);
            json.WriteStartArray("advice");
            foreach (var advice in check.Advice)
            {
                json.WriteStringValue(advice);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static Check Check(string subject, string found, IEnumerable<string> warnings)
    {
        var advice = warnings.ToList();
        return new Check(subject, found, advice.Count > 0 ? CheckStatus.Warning : CheckStatus.Ok, advice);
    }

    private static string Name(CheckStatus status) => status switch { CheckStatus.Ok => "ok", CheckStatus.Warning => "warning", _ => "failure" };

    private string? Try(string subject, Func<string> look)
    {
        try
        {
            var found = look();
            _checks.Add(new Check(subject, found, CheckStatus.Ok, []));
            return found;
        }
        catch (Exception e) when (e is SafeModelException or FileNotFoundException)
        {
            _checks.Add(new Check(subject, "", CheckStatus.Failure, [e.Message]));
            ExitCode = e is SafeModelException refusal ? Cli.ExitCode.Refused + (int)refusal.Error : Cli.ExitCode.FileNotFound;
            return null;
        }
    }
}
