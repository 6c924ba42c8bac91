namespace SafeTensor.Cli.Inputs;

/// <summary>Finds the shape of nested arrays while they are read, and refuses ragged ones.</summary>
internal sealed class NestedShape
{
    internal const int MaxRank = 32;

    // By depth: the length of arrays that have ended, which all others must have, and the items so far of the one that is open.
    private readonly List<long?> _lengths = [];
    private readonly Stack<long> _open = [];
    private int? _numberDepth;

    internal void Open()
    {
        Add(isNumber: false);
        _open.Push(0);
        if (_lengths.Count < _open.Count)
        {
            _lengths.Add(null);
        }
    }

    internal void AddNumber() => Add(isNumber: true);

    internal void Close()
    {
        var count = _open.Pop();
        if (_lengths[_open.Count] is { } length && length != count)
        {
            throw Ragged();
        }

        _lengths[_open.Count] = count;
    }

    /// <summary>Whether all numbers are in one array, or there is a single one: such take the model's shape.</summary>
    internal bool IsFlat => _lengths.Count <= 1;

    /// <summary>In numbers, outermost array first.</summary>
    internal long[] ToArray() => [.. _lengths.Select(length => length!.Value)];

    private void Add(bool isNumber)
    {
        // Numbers all lie at one depth, and arrays above it.
        if (_numberDepth is { } depth && isNumber != (_open.Count == depth))
        {
            throw Ragged();
        }

        if (isNumber)
        {
            _numberDepth = _open.Count;
        }

        if (_open.TryPop(out var count))
        {
            _open.Push(count + 1);
        }
    }

    private static FormatException Ragged() => new("its arrays have different lengths or depths");
}
