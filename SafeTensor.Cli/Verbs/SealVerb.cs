using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using SafeTensor.Cli.Options;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Cli.Verbs;

/// <summary><c>safetensor seal SOURCE DEST --key KEY</c></summary>
internal sealed class SealVerb : Verb
{
    private const string Aes = "aes256gcm";
    private const string ChaCha = "chacha20poly1305";

    private readonly Argument<string> _source = new("SOURCE") { Description = "The compiled model: its folder, tvmc's .tar, or a .so that is all of it. It is only read." };
    private readonly Argument<string> _destination = new("DEST") { Description = "The sealed model's folder, which this makes." };
    private readonly KeyOption _key = new() { Required = true };
    private readonly Option<string> _modelId = new("--model-id") { HelpName = "ID", Description = "The model's name; without it, that of SOURCE without its ending." };
    private readonly Option<ulong> _modelVersion = new("--model-version") { HelpName = "N", Description = "Raise it with every release.", DefaultValueFactory = _ => 1 };
    private readonly Option<DateTimeOffset?> _notAfter = new("--not-after") { HelpName = "DATE", Description = "The last moment at which it loads: 2027-12-31 (to that day's end, UTC) or 2027-12-31T18:00:00Z.", CustomParser = ParseDate };
    private readonly Option<string> _suite = new("--suite") { Description = "The cipher.", DefaultValueFactory = _ => Aes };
    private readonly Option<int> _segmentSize = new("--segment-size") { HelpName = "N", Description = "Bytes, a power of two from 65536 to 4194304.", DefaultValueFactory = _ => 1 << 20 };
    private readonly Option<string[]> _clear = new("--clear") { HelpName = "TENSOR", Description = "Leave this tensor readable; may be repeated." };
    private readonly Option<bool> _clearCode = new("--clear-code") { Description = "Leave the compiled code readable." };
    private readonly Option<bool> _clearGraph = new("--clear-graph") { Description = "Leave the graph readable." };
    private readonly Option<string> _sign = new("--sign") { HelpName = "FILE.pem", Description = "Sign it with this private key of its publisher, on P-256 or P-384." };
    private readonly Option<string> _password = new("--password-env") { HelpName = "NAME", Description = "The environment variable that holds the private key's password." };
    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace what is at DEST, in one step." };

    internal SealVerb()
        : base(
            "seal",
            "Encrypt a compiled model: weights, code and graph.",
            "safetensor seal samples/digits dist/digits --key digits.key",
            "safetensor seal build/net dist/net --key env:NET_KEY --model-id net --model-version 7 --overwrite")
    {
        _suite.AcceptOnlyFromAmong(Aes, ChaCha);
        Add(_source);
        Add(_destination);
        foreach (var option in new Option[] { _key, _modelId, _modelVersion, _notAfter, _suite, _segmentSize, _clear, _clearCode, _clearGraph, _sign, _password, _overwrite })
        {
            Add(option);
        }
    }

    internal override async Task RunAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var arguments = context.Arguments;
        var source = arguments.GetRequiredValue(_source);
        var destination = arguments.GetRequiredValue(_destination);
        using var signer = arguments.GetValue(_sign) is { } file ? SigningKey.Read(file, arguments.GetValue(_password)) : null;
        var options = new SealOptions
        {
            ModelId = arguments.GetValue(_modelId),
            ModelVersion = arguments.GetValue(_modelVersion),
            NotAfter = arguments.GetValue(_notAfter),
            Suite = arguments.GetValue(_suite) == ChaCha ? CipherSuite.ChaCha20Poly1305 : CipherSuite.Aes256Gcm,
            SegmentSize = arguments.GetValue(_segmentSize),
            ClearTensors = arguments.GetValue(_clear) ?? [],
            ClearCode = arguments.GetValue(_clearCode),
            ClearGraph = arguments.GetValue(_clearGraph),
            Signer = signer,
            LoggerFactory = new TerminalLogger(context.Terminal),
            Overwrite = arguments.GetValue(_overwrite),
        };
        if (!options.Overwrite && (Directory.Exists(destination) || File.Exists(destination)))
        {
            throw new UsageException($"'{destination}' exists already: choose another folder, or add --overwrite to replace it.");
        }

        using var key = await _key.OpenAsync(context, cancellationToken);
        var package = await context.Terminal.WithProgressAsync(
            "Sealing", progress => ModelSealer.SealAsync(source, destination, key, options, progress, cancellationToken));
        PackageReport.Show(context, package);
    }

    private static DateTimeOffset? ParseDate(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return new DateTimeOffset(day, new TimeOnly(23, 59, 59), TimeSpan.Zero);
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
        {
            return moment;
        }

        argument.AddError($"--not-after is no date: '{text}'. Write 2027-12-31 or 2027-12-31T18:00:00Z.");
        return null;
    }
}
