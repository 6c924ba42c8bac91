using NUnit.Framework;
using SafeTensor.Residue;

namespace SafeTensor.Tests;

/// <summary>What a search of a process found of a model's weights and keys.</summary>
internal sealed record Findings
{
    public Copies Weights { get; init; }

    public Copies ModelKey { get; init; }

    public Copies ExtractedKey { get; init; }

    public Copies HeaderKey { get; init; }

    public Copies DataKey { get; init; }

    internal static Findings Nothing { get; } = new();

    /// <summary>Asserts that all memory was searched, and that all weights are there equally often.</summary>
    internal static Findings Of(ResidueModel model, Scan scan)
    {
        var weights = model.Weights.Keys.Select(needle => Count(scan, needle)).Distinct().ToList();
        Assert.That(weights, Has.Count.EqualTo(1), () => string.Join('\n', scan.Sightings));
        return OfKeys(scan) with { Weights = weights[0] };
    }

    /// <summary>As <see cref="Of"/>, without the weights.</summary>
    internal static Findings OfKeys(Scan scan)
    {
        // What the kernel shows of its clocks is all that cannot be read.
        Assert.That(scan.Unreadable, Has.All.Match(@"^r--p \[vvar(_vclock)?\]$"));
        return new Findings
        {
            ModelKey = Count(scan, (int)SecretKey.Model),
            ExtractedKey = Count(scan, (int)SecretKey.Extracted),
            HeaderKey = Count(scan, (int)SecretKey.Header),
            DataKey = Count(scan, (int)SecretKey.Data),
        };
    }

    private static Copies Count(Scan scan, int needle)
    {
        var places = scan.Sightings.Where(sighting => sighting.Needle == needle).Select(sighting => sighting.Place).ToList();
        var (shielded, own) = (places.Count(place => place == Places.Protected), places.Count(place => place == OwnKey.Place));
        return new Copies(shielded, places.Count - shielded - own, own);
    }
}
