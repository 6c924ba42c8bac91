using System.Globalization;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace SafeTensor.Cli.Demo;

/// <summary>A digit drawn in two columns a pixel: in greys, or in shades of ink where there are no colours.</summary>
internal static class DigitPicture
{
    /// <summary>In columns.</summary>
    internal const int Width = 2 * DemoDigit.Size;

    private const string Shades = " ░▒▓█";

    internal static IRenderable Draw(DemoDigit digit, bool inColour)
    {
        var text = new StringBuilder();
        for (var i = 0; i < digit.Greys.Length; i++)
        {
            var grey = digit.Greys[i];
            if (inColour)
            {
                text.Append(CultureInfo.InvariantCulture, $"[on #{grey:x2}{grey:x2}{grey:x2}]  [/]");
            }
            else
            {
                text.Append(Shades[grey * Shades.Length / 256], 2);
            }

            if (i % DemoDigit.Size == DemoDigit.Size - 1 && i + 1 < digit.Greys.Length)
            {
                text.Append('\n');
            }
        }

        return new Markup(text.ToString());
    }
}
