using Microsoft.Extensions.Logging;

namespace SafeTensor.Runtime;

/// <summary>Every message that loading and running logs; ids are stable. None carries a key, a weight, an input or an output. Paths are escaped by the caller.</summary>
internal static partial class ModelLog
{
    internal static void Loaded(ILogger logger, string path, double elapsedMs, ProtectionReport protection) =>
        Loaded(logger, path, elapsedMs, protection.Level, protection.Reasons.Count == 0 ? "nothing" : string.Join("; ", protection.Reasons));

    [LoggerMessage(2, LogLevel.Warning, "{Path} is not encrypted: whoever has its files has the model")]
    internal static partial void LoadedPlain(ILogger logger, string path);

    [LoggerMessage(3, LogLevel.Error, "{Path} was refused: {Error}")]
    internal static partial void Refused(ILogger logger, string path, SafeModelError error);

    [LoggerMessage(4, LogLevel.Information, "Suspended model {ModelId}: its weights are wiped")]
    internal static partial void Suspended(ILogger logger, string modelId);

    [LoggerMessage(5, LogLevel.Information, "Resumed model {ModelId} in {ElapsedMs:F1} ms")]
    internal static partial void Resumed(ILogger logger, string modelId, double elapsedMs);

    [LoggerMessage(1, LogLevel.Information, "Loaded {Path} in {ElapsedMs:F1} ms, weights protected at level {Level}; what keeps them from more: {Reasons}")]
    private static partial void Loaded(ILogger logger, string path, double elapsedMs, ProtectionLevel level, string reasons);
}
