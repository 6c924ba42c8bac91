namespace SafeTensor.Residue;

/// <summary>What a search of the whole process found.</summary>
/// <param name="Sightings">Every needle that is somewhere.</param>
/// <param name="SecretBytes">How much was searched of what only the process itself can read.</param>
/// <param name="Unreadable">Mappings of which something could not be read.</param>
internal sealed record Scan(List<Sighting> Sightings, long SecretBytes, List<string> Unreadable);
