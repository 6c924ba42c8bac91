using System.Globalization;
using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Texts that somebody may put into a package, or name its folder by, and what must be left of them wherever they are shown.</summary>
internal static class HostileText
{
    /// <summary>Before it, in every text, is something that must not reach a terminal or a log as it is.</summary>
    internal const string Mark = "EVIL";

    internal const string Markup = "[red]EVIL[/] [link=http://x]EVIL[/] {0} {Path} %s %n";

    /// <summary>Terminals' commands, in both of their forms; ends of lines; what hides or turns text around; markup and formats; and a long one. At most 256 bytes each.</summary>
    internal static readonly string[] All =
    [
        "\u001b[31mEVIL\u001b[2JEVIL\u009b31mEVIL\u001b]8;;http://x\u0007EVIL\u001b]8;;\u0007",
        "a\r\nEVIL\nEVIL\u0085EVIL\u2028EVIL\u2029EVIL\vEVIL\bEVIL\0EVIL\u007fEVIL",
        "\u202EEVIL\u2066EVIL\u200BEVIL\u200DEVIL\uFEFFEVIL\u00ADEVIL\U000E0041EVIL\uE000EVIL\u061CEVIL",
        Markup,
        new('L', 250),
    ];

    /// <summary>As a folder can be called, with room for an ending.</summary>
    internal static string AsFileName(string text) => text[..Math.Min(text.Length, 180)].Replace('/', '|').Replace('\0', '|');

    /// <summary>As a tensor in a parameters file can be called, which holds no control characters.</summary>
    internal static string AsTensorName(string text) => string.Concat(text.Where(c => !char.IsControl(c)));

    /// <summary>One line, in which everything can be seen and nothing steers.</summary>
    internal static void AssertHarmless(string? shown, int maxLength = 20_000)
    {
        if (shown is null)
        {
            return;
        }

        var bad = shown.EnumerateRunes().FirstOrDefault(IsHarmful, new Rune(' '));
        Assert.That($"U+{bad.Value:x4}", Is.EqualTo("U+0020"), $"in: {TestContext.CurrentContext.Test.Name}: {Visible(shown)}");
        Assert.That(shown.Any(char.IsSurrogate) && shown.EnumerateRunes().Contains(Rune.ReplacementChar), Is.False, "lone surrogates");
        Assert.That(shown, Has.Length.LessThanOrEqualTo(maxLength));
    }

    /// <summary>Lines, none of which was begun by a hostile text.</summary>
    internal static void AssertHarmlessLines(string shown, int maxLength = 200_000)
    {
        foreach (var line in shown.Split('\n'))
        {
            AssertHarmless(line.TrimEnd('\r'), maxLength);
            Assert.That(line, Does.Not.StartWith(Mark));
        }
    }

    /// <summary>Messages, parts and file names of an exception and of what it holds, and what a log writes of it.</summary>
    internal static void AssertHarmless(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            AssertHarmless(e.Message);
            AssertHarmless((e as SafeModelException)?.Part);
            AssertHarmless((e as FileNotFoundException)?.FileName);
        }

        AssertHarmlessLines(exception.ToString());
    }

    /// <summary>Does what must fail, and looks at how.</summary>
    internal static T AssertHarmlessFailure<T>(Action action)
        where T : Exception
    {
        var exception = Assert.Catch<T>(() => action())!;
        AssertHarmless(exception);
        return exception;
    }

    private static bool IsHarmful(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    internal static string Visible(string text) => string.Concat(text.EnumerateRunes().Select(rune => IsHarmful(rune) ? $"<{rune.Value:x}>" : rune.ToString()));
}
