using System.Text;

namespace SafeTensor.Runtime;

/// <summary>Finds the version of Apache's runtime, which none of its functions tells, in the text of a check that its file holds: <c>version == "0.18.0"</c>.</summary>
internal static class TvmVersion
{
    private const int ChunkLength = 1 << 20, LongestVersion = 32;

    /// <returns>Three numbers, or <see langword="null"/>.</returns>
    internal static string? Read(string path)
    {
        var mark = "version == \""u8;
        using var file = File.OpenHandle(path);
        var buffer = new byte[ChunkLength + mark.Length + LongestVersion];
        for (long at = 0; at < RandomAccess.GetLength(file); at += ChunkLength)
        {
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, RandomAccess.Read(file, buffer, at));
            for (var next = bytes.IndexOf(mark); next >= 0; next = bytes.IndexOf(mark))
            {
                bytes = bytes[(next + mark.Length)..];
                var end = bytes.IndexOf((byte)'"');
                if (end is > 0 and < LongestVersion && IsRelease(Encoding.ASCII.GetString(bytes[..end]), out var version))
                {
                    return version;
                }
            }
        }

        return null;
    }

    // Relax's own format version, which also stands there, is "0.14": two numbers.
    private static bool IsRelease(string text, out string version) =>
        (version = text).Split('.').Length == 3 && Version.TryParse(text, out _);
}
