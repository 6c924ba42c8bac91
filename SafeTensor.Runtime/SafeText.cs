using System.Globalization;
using System.Text;

namespace SafeTensor.Runtime;

/// <summary>Text that came out of a package, made harmless for messages, logs and terminals.</summary>
internal static class SafeText
{
    private const int MaxLength = 200, MaxWordsLength = 1000, MaxPathLength = 4096, MostListed = 16;

    /// <summary>Control, format and bidirectional characters as <c>\u{…}</c>; long texts cut.</summary>
    internal static string Escape(string text) => Escape(text, MaxLength);

    /// <summary>As <see cref="Escape(string)"/>, for what another library says: what it missed comes last.</summary>
    internal static string EscapeWords(string words) => Escape(words, MaxWordsLength);

    /// <summary>As <see cref="Escape(string)"/>, and as long as a path can be: a message must say where.</summary>
    internal static string EscapePath(string path) => Escape(path, MaxPathLength);

    /// <summary>Some of many, one after the other: a hostile graph or folder can have millions.</summary>
    /// <param name="items">Of which each has a text.</param>
    /// <param name="text">An escaped one.</param>
    internal static string List<T>(IReadOnlyList<T> items, Func<T, string> text) => items.Count switch
    {
        0 => "none",
        <= MostListed => string.Join(", ", items.Select(text)),
        _ => $"{string.Join(", ", items.Take(MostListed).Select(text))} and {items.Count - MostListed} more",
    };

    /// <summary>The exception for what is not there.</summary>
    /// <param name="what">What it should be, as in <c>folder</c>.</param>
    /// <param name="path">Where it should be.</param>
    internal static FileNotFoundException NotFound(string what, string path)
    {
        // Also as its FileName, which the exception's own text shows.
        path = EscapePath(path);
        return new FileNotFoundException($"There is no {what} '{path}'.", path);
    }

    /// <summary>Whether .NET's own words show a path as it is.</summary>
    internal static bool ShowsPath(Exception e) => e is IOException or UnauthorizedAccessException && !IsHarmless(e.Message);

    /// <summary>The same words, made harmless.</summary>
    internal static IOException Harmless(Exception e) => new(EscapePath(e.Message));

    /// <summary>An exception as another's cause, or nothing where its words have something to escape: a parser's can repeat what it read, and logs show them.</summary>
    internal static Exception? CauseOf(Exception e)
    {
        for (var inner = e; inner is not null; inner = inner.InnerException)
        {
            if (!IsHarmless(inner.Message))
            {
                return null;
            }
        }

        return e;
    }

    private static string Escape(string text, int maxLength)
    {
        if (text.Length <= maxLength && IsHarmless(text))
        {
            return text;
        }

        var escaped = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (escaped.Length >= maxLength)
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

    // Surrogates are looked at as pairs, in Escape.
    private static bool IsHarmless(string text) => text.All(IsHarmless);

    private static bool IsHarmless(char c) => c is >= ' ' and <= '~' || (c > '\u009f' && !IsUnsafe(char.GetUnicodeCategory(c)));

    private static bool IsUnsafe(UnicodeCategory category) => category is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
