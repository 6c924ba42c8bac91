namespace SafeTensor.Tests.Cli;

/// <summary>A text that is eaten word by word; spaces before a word do not matter.</summary>
internal sealed class SlowWords(string text)
{
    private string _rest = text;

    internal bool Eat(string word)
    {
        var trimmed = _rest.TrimStart(' ');
        if (!trimmed.StartsWith(word, StringComparison.Ordinal))
        {
            return false;
        }

        _rest = trimmed[word.Length..];
        return true;
    }

    /// <returns>What stands before the first <paramref name="word"/>, which is eaten, too.</returns>
    internal string? UpTo(string word)
    {
        var at = _rest.IndexOf(word, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var before = _rest[..at].TrimStart(' ');
        _rest = _rest[(at + word.Length)..];
        return before;
    }

    /// <summary>A comma or none right behind the last value, the closing brace, and at most one newline at the end.</summary>
    internal bool EndsAsADictionary()
    {
        var rest = _rest.StartsWith(',') ? _rest[1..] : _rest;
        rest = rest.EndsWith('\n') ? rest[..^1] : rest;
        return rest.Trim(' ') == "}";
    }
}
