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

        using var graph = package.LoadGraph();
        parts.Add(graph is null ? "no graph" : $"graph {Hash(graph.Span)}");
        parts.Add($"code {Hash(CodeOf(package))}");
        return parts;
    }

    internal static byte[] CodeOf(ModelPackage package)
    {
        using var code = package.LoadCode();
        return File.ReadAllBytes(code.Path);
    }

    private static string Hash(ReadOnlySpan<byte> data) => Convert.ToHexStringLower(SHA256.HashData(data));
}
