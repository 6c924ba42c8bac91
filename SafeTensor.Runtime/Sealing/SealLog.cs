using Microsoft.Extensions.Logging;

namespace SafeTensor.Runtime.Sealing;

/// <summary>What sealing logs. Texts of a model, and paths, are escaped by the caller.</summary>
internal static partial class SealLog
{
    [LoggerMessage(101, LogLevel.Information, "Sealed model {ModelId} version {Version} as {Path}")]
    internal static partial void Sealed(ILogger logger, string modelId, ulong version, string path);

    [LoggerMessage(102, LogLevel.Warning, "The code needs {Library}, which must be on every machine that runs the model")]
    internal static partial void NeedsLibrary(ILogger logger, string library);

    [LoggerMessage(103, LogLevel.Warning, "The folder {Path} could not be deleted and can be, by hand: {Reason}")]
    internal static partial void LeftBehind(ILogger logger, string path, string reason);
}
