using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SafeTensor.Runtime;

/// <summary>What a version file holds: the highest version seen of each model of each publisher.</summary>
/// <remarks>
/// Text: a line that names the format, one line <c>version publisher model</c> for each, and the SHA-256 of all that, which shows accidental damage.
/// Publisher and model are escaped as in URLs; a publisher may be empty. There is one encoding of any contents, and no other is accepted.
/// </remarks>
internal sealed class SeenVersions
{
    internal const int MaxCount = 1024, MaxLength = 1 << 20;

    private const string FirstLine = "safetensor versions 1\n", LastLineStart = "sha256 ";

    private readonly SortedDictionary<(string Publisher, string ModelId), ulong> _versions = new(Comparer<(string, string)>.Create(Compare));

    /// <summary>0 for what was never seen.</summary>
    internal ulong Of(string publisher, string modelId) => _versions.GetValueOrDefault((publisher, modelId));

    /// <exception cref="InvalidDataException">There are too many.</exception>
    internal void Raise(string publisher, string modelId, ulong version)
    {
        _versions[(publisher, modelId)] = Math.Max(version, Of(publisher, modelId));
        if (_versions.Count > MaxCount)
        {
            throw new InvalidDataException($"It holds {MaxCount} models already, which is its limit: keep others in another file.");
        }
    }

    internal byte[] Encode()
    {
        var text = new StringBuilder(FirstLine);
        foreach (var ((publisher, modelId), version) in _versions)
        {
            text.Append(CultureInfo.InvariantCulture, $"{version} {Uri.EscapeDataString(publisher)} {Uri.EscapeDataString(modelId)}\n");
        }

        var digest = SHA256.HashData(Encoding.ASCII.GetBytes(text.ToString()));
        return Encoding.ASCII.GetBytes(text.Append(LastLineStart).Append(Convert.ToHexStringLower(digest)).Append('\n').ToString());
    }

    /// <exception cref="InvalidDataException">It is not what <see cref="Encode"/> writes, to the last bit.</exception>
    internal static SeenVersions Decode(ReadOnlySpan<byte> bytes)
    {
        var seen = new SeenVersions();
        var text = Encoding.ASCII.GetString(bytes);
        if (!text.StartsWith(FirstLine, StringComparison.Ordinal))
        {
            throw Damaged();
        }

        foreach (var line in text.AsSpan(FirstLine.Length).EnumerateLines())
        {
            if (line.StartsWith(LastLineStart, StringComparison.Ordinal))
            {
                break;
            }

            seen.Add(line);
        }

        // Digest, order, escapes, leading zeros, duplicates, what stands behind the digest: all at once.
        return seen.Encode().AsSpan().SequenceEqual(bytes) ? seen : throw Damaged();
    }

    private void Add(ReadOnlySpan<char> line)
    {
        var fields = line.ToString().Split(' ');
        if (fields.Length != 3 || !ulong.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            throw Damaged();
        }

        Raise(Uri.UnescapeDataString(fields[1]), Uri.UnescapeDataString(fields[2]), version);
    }

    private static int Compare((string Publisher, string ModelId) one, (string Publisher, string ModelId) other) =>
        string.CompareOrdinal(one.Publisher, other.Publisher) is var order and not 0 ? order : string.CompareOrdinal(one.ModelId, other.ModelId);

    private static InvalidDataException Damaged() => new("These are not the contents of a version file.");
}
