using System.Security.Cryptography;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>What a model's package holds once it is opened: each tensor, the code and the graph, by their hashes.</summary>
internal static class Plaintext
{
    internal static unsafe List<string> Of(ModelPackage package)
    {
        var parts = new List<string>();
        for (var i = 0; i < package.Parameters.Count; i++)
        {
            var data = new byte[package.Parameters[i].ByteLength];
            fixed (byte* destination = data)
            {
                package.ReadParameter(i, destination);
            }

            parts.Add($"{package.Parameters[i]} {Hash(data)}");
        }

        parts.Add(GraphOf(package) is { } graph ? $"graph {Hash(graph)}" : "no graph");
        parts.Add($"code {Hash(CodeOf(package))}");
        return parts;
    }

    internal static byte[] CodeOf(ModelPackage package)
    {
        using var files = package.Load(weights: null, progress: null, CancellationToken.None);
        return File.ReadAllBytes(files.Code.Path);
    }

    internal static byte[]? GraphOf(ModelPackage package)
    {
        using var files = package.Load(weights: null, progress: null, CancellationToken.None);
        return files.Graph?.Span.ToArray();
    }

    private static string Hash(ReadOnlySpan<byte> data) => Convert.ToHexStringLower(SHA256.HashData(data));
}
