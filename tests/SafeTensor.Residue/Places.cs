using SafeTensor.Runtime;

namespace SafeTensor.Residue;

/// <summary>Where memory is that may hold secrets: what the library protects, and what the program says of its own.</summary>
internal sealed class Places
{
    internal const string Protected = "protected";

    private readonly Dictionary<nint, (string Name, long Length)> _known = [];

    /// <summary>Called with the length of protected memory when it is there and still empty, and when it was wiped and is still there.</summary>
    internal Action<long>? Changed { get; set; }

    /// <summary>While it is held, no protected memory is unmapped.</summary>
    internal Lock Gate { get; } = new();

    internal void StartWatching() => ProtectedMemory.Watch = Note;

    internal void Add(nint address, long length, string name)
    {
        lock (Gate)
        {
            _known.Add(address, (name, length));
        }
    }

    internal void Remove(nint address)
    {
        lock (Gate)
        {
            _known.Remove(address);
        }
    }

    /// <param name="needle">Its number.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="mapping">There, which names it where nobody else does.</param>
    internal Sighting Locate(int needle, long address, Mapping mapping)
    {
        foreach (var (start, (name, length)) in _known)
        {
            if (address >= start && address < start + length)
            {
                return new Sighting(needle, name, address - start);
            }
        }

        return new Sighting(needle, mapping.ToString(), address - mapping.Begin);
    }

    private void Note(nint address, long length, MemoryEvent what)
    {
        if (what == MemoryEvent.Reserved)
        {
            Add(address, length, Protected);
            Changed?.Invoke(length);
        }
        else
        {
            Changed?.Invoke(length);
            Remove(address);
        }
    }
}
