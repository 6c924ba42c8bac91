using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SafeTensor.Runtime;

/// <summary>Text that came out of a package, made harmless for messages, logs and terminals.</summary>
internal static class SafeText
{
    private const int MaxLength = 200;

    /// <summary>Control, format and bidirectional characters as <c>\u{…}</c>; long texts cut.</summary>
    internal static string Escape(string text)
    {
        if (text.Length <= MaxLength && text.All(IsHarmless))
        {
            return text;
        }

        var escaped = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (escaped.Length >= MaxLength)
            {
                return escaped.Append('…').ToString();
            }

            if (rune.IsBmp && IsHarmless((char)rune.Value) || !rune.IsBmp && !IsUnsafe(Rune.GetUnicodeCategory(rune)))
            {
                escaped.Append(rune.ToString());
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            }
        }

        return escaped.ToString();
    }

    /// <summary>What a parser's exception says. .NET's for JSON quote the text that they stumble over, so only the place is told, and none is kept as a cause.</summary>
    internal static string Of(Exception fault) =>
        fault is JsonException json ? $"no JSON from byte {json.BytePositionInLine ?? 0} of line {(json.LineNumber ?? 0) + 1} on" : Escape(fault.Message);

    private static bool IsHarmless(char c) => c is >= ' ' and <= '~' || (c > '\u009f' && !IsUnsafe(char.GetUnicodeCategory(c)));

    private static bool IsUnsafe(UnicodeCategory category) => category is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
