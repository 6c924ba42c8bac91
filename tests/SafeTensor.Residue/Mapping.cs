using System.Globalization;

namespace SafeTensor.Residue;

/// <summary>A mapping of this process.</summary>
/// <param name="Begin">Address.</param>
/// <param name="End">Address.</param>
/// <param name="Permissions">As in <c>rw-p</c>.</param>
/// <param name="Name">A file, or what the kernel calls it; empty for anonymous memory.</param>
/// <remarks>Source: proc(5), <c>/proc/self/smaps</c>.</remarks>
internal sealed record Mapping(long Begin, long End, string Permissions, string Name)
{
    internal bool IsReadable => Permissions[0] == 'r';

    /// <summary>Whether any page of it is in memory or in swap.</summary>
    internal bool HasPages { get; private set; }

    /// <summary>Pages that the kernel reads for nobody, and that whoever has them mapped can.</summary>
    internal bool IsSecret => Name.StartsWith("/secretmem", StringComparison.Ordinal);

    internal static List<Mapping> OfThisProcess()
    {
        var mappings = new List<Mapping>();
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            // 7f0123456000-7f0123458000 rw-p 00000000 00:00 0     [stack], and then lines such as Rss:   8 kB
            var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields[0] is "Rss:" or "Swap:")
            {
                mappings[^1].HasPages |= fields[1] != "0";
            }
            else if (!fields[0].EndsWith(':'))
            {
                var addresses = fields[0].Split('-');
                mappings.Add(new Mapping(Address(addresses[0]), Address(addresses[1]), fields[1], fields.Length == 6 ? fields[5] : ""));
            }
        }

        return mappings;
    }

    public override string ToString() => $"{Permissions} {Name}";

    private static long Address(string text) => (long)ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
