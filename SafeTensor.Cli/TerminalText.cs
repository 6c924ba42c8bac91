using System.Globalization;
using System.Text;

namespace SafeTensor.Cli;

/// <summary>Text from packages and files, made harmless for a terminal.</summary>
internal static class TerminalText
{
    /// <summary>Control, format and bidirectional characters as <c>\u{…}</c>: they could move the cursor or hide what is there.</summary>
    internal static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsUnsafe(Rune.GetUnicodeCategory(rune)))
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            }
            else
            {
                escaped.Append(rune.ToString());
            }
        }

        return escaped.ToString();
    }

    private static bool IsUnsafe(UnicodeCategory category) => category is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
