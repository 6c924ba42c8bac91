using System.CommandLine;
using SafeTensor.Runtime;

namespace SafeTensor.Cli.Options;

/// <summary>The options of every verb that loads a model.</summary>
internal sealed class ModelOptions
{
    private readonly PackageOptions _package = new();
    private readonly RuntimeOption _runtime = new();
    private readonly Option<string> _device = new("--device") { Description = "Where the model runs.", DefaultValueFactory = _ => "cpu" };
    private readonly Option<string> _loadPath = new("--load-path") { Description = "How the weights reach the executor.", DefaultValueFactory = _ => "auto" };
    private readonly Option<int> _threads = new("--threads") { HelpName = "N", Description = "Threads for each run; 0, the default, for one on each physical core." };
    private readonly Option<string> _require = new("--require") { Description = "Fail rather than protect the weights less than this." };
    private readonly Option<bool> _secretWeights = new("--secret-weights") { Description = "Keep the weights in memory that not even root reads: slower to load." };

    internal ModelOptions()
    {
        _device.AcceptOnlyFromAmong("cpu");
        _loadPath.AcceptOnlyFromAmong("auto", "in-place", "load-params");
        _require.AcceptOnlyFromAmong("sealed", "locked", "not-dumped", "secret");
    }

    private Option[] All => [_runtime, _device, _loadPath, _threads, _require, _secretWeights, .. _package.All];

    internal void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>Those that were given, as arguments for another process; without the runtime.</summary>
    internal IEnumerable<string> Given(ParseResult arguments) =>
        from option in All.Where(option => option != _runtime)
        let given = arguments.GetResult(option)
        where given is { Implicit: false }
        from argument in given.Tokens.Count == 0 ? [option.Name] : given.Tokens.Select(token => $"{option.Name}={token.Value}")
        select argument;

    /// <exception cref="FileNotFoundException">There is no library at <c>--runtime</c>.</exception>
    internal SafeModelOptions Read(ParseResult arguments)
    {
        var runtime = _runtime.Read(arguments);
        var options = _package.Read(arguments);
        options.RuntimeLibrary = runtime;
        options.ThreadsPerRun = arguments.GetValue(_threads);
        options.SecretWeights = arguments.GetValue(_secretWeights);
        options.LoadPath = arguments.GetValue(_loadPath) switch
        {
            "in-place" => LoadPath.InPlace,
            "load-params" => LoadPath.LoadParams,
            _ => LoadPath.Auto,
        };
        options.RequiredProtection = arguments.GetValue(_require) switch
        {
            "sealed" => ProtectionLevel.Sealed,
            "locked" => ProtectionLevel.Locked,
            "not-dumped" => ProtectionLevel.NotDumped,
            "secret" => ProtectionLevel.Secret,
            _ => ProtectionLevel.Plain,
        };
        return options;
    }
}
