using System.Buffers;
using System.Text;
using System.Text.Json;
using SafeTensor.Runtime;
using Spectre.Console;

namespace SafeTensor.Cli;

/// <summary>The three standard streams: results go to the output, all else to the error stream.</summary>
internal sealed class Terminal
{
    // Where nobody looks, lines are not folded: a script reads them.
    private const int WidthOfFiles = 1000;

    private readonly TextWriter _output;
    private readonly Func<Stream> _openInput;

    internal Terminal(TextWriter output, bool outputIsTerminal, TextWriter error, bool errorIsTerminal, Func<Stream> openInput)
    {
        _output = output;
        _openInput = openInput;
        Out = CreateConsole(output, outputIsTerminal);
        Error = CreateConsole(error, errorIsTerminal);
    }

    /// <summary>For results.</summary>
    internal IAnsiConsole Out { get; }

    /// <summary>For progress, remarks and failures.</summary>
    internal IAnsiConsole Error { get; }

    internal static Terminal OfThisProcess() => new(
        Console.Out, !Console.IsOutputRedirected, Console.Error, !Console.IsErrorRedirected, Console.OpenStandardInput);

    internal Stream OpenInput() => _openInput();

    /// <summary>Writes the one JSON object that <c>--json</c> promises.</summary>
    internal void WriteJson(Action<Utf8JsonWriter> writeMembers)
    {
        // The default encoder leaves nothing but ASCII, which is the same bytes in every encoding a console may have.
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            writeMembers(json);
            json.WriteEndObject();
        }

        _output.WriteLine(Encoding.ASCII.GetString(buffer.WrittenSpan));
    }

    internal void Remark(string text) => Error.WriteLine(TerminalText.Escape(text), new Style(Color.Grey));

    internal void Complain(string text)
    {
        Error.Write(new Text("error: ", new Style(Color.Red)));
        Error.WriteLine(TerminalText.Escape(text));
    }

    /// <summary>Shows a bar while <paramref name="work"/> runs, on a terminal only.</summary>
    internal Task<T> WithProgressAsync<T>(string title, Func<IProgress<ModelProgress>?, Task<T>> work) =>
        !Error.Profile.Capabilities.Interactive
            ? work(null)
            : Error.Progress().AutoClear(true).StartAsync(bars =>
            {
                var bar = bars.AddTask(Markup.Escape(title), maxValue: 1);
                return work(new ProgressBar(bar));
            });

    private static IAnsiConsole CreateConsole(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            ColorSystem = isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                ? ColorSystemSupport.Detect
                : ColorSystemSupport.NoColors,
        });
        if (!isTerminal)
        {
            console.Profile.Width = WidthOfFiles;
        }

        return console;
    }

    private sealed class ProgressBar(ProgressTask bar) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => bar.Value = value.Fraction;
    }
}
