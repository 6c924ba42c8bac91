using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Counts the protected memory that a load took, on whichever threads, and whether each piece came back as zeros.</summary>
internal sealed unsafe class MemoryLedger
{
    private static readonly AsyncLocal<MemoryLedger?> Current = new();

    private readonly Lock _lock = new();
    private readonly Dictionary<nint, long> _held = [];
    private string? _fault;

    /// <summary>How many pieces were taken since <see cref="Begin"/>.</summary>
    internal int Taken { get; private set; }

    /// <summary>What is wrong with what was taken since <see cref="Begin"/>, or <see langword="null"/>.</summary>
    internal string? Fault => _fault ?? (_held.Count > 0 ? $"{_held.Count} of {Taken} pieces of memory were not released" : null);

    internal static void StartWatching() => ProtectedMemory.Watch = (address, length, what) => Current.Value?.Note(address, length, what);

    internal static void StopWatching() => ProtectedMemory.Watch = null;

    /// <summary>From now on this ledger is the one of the calling thread and of what it starts.</summary>
    internal void Begin()
    {
        Current.Value = this;
        _held.Clear();
        _fault = null;
        Taken = 0;
    }

    private void Note(nint address, long length, MemoryEvent what)
    {
        lock (_lock)
        {
            if (what == MemoryEvent.Reserved)
            {
                Taken++;
                _fault ??= _held.TryAdd(address, length) ? null : "memory was unmapped and not released";
            }
            else if (!_held.Remove(address, out var taken) || taken != length)
            {
                _fault = $"{length} bytes were released that were not taken";
            }
            else if (what == MemoryEvent.Wiped && new ReadOnlySpan<byte>((void*)address, checked((int)length)).ContainsAnyExcept((byte)0))
            {
                _fault = $"{length} bytes were released and not wiped";
            }
        }
    }
}
