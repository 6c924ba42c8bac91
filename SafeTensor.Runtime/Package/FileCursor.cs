namespace SafeTensor.Runtime;

/// <summary>Reads a file from one place on through a small buffer: a system call for each of many short names would be most of the work.</summary>
internal sealed class FileCursor(PackageFile file)
{
    /// <summary>What can be taken at once.</summary>
    internal const int MaxTake = 4096;

    private readonly byte[] _buffer = new byte[MaxTake];
    private int _at;
    private int _end;

    /// <summary>Of the next byte in the file.</summary>
    internal long Offset { get; private set; }

    /// <param name="count">At most <see cref="MaxTake"/>.</param>
    /// <returns>The next bytes, until the next call.</returns>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.Tampered"/>: the file ends before that.</exception>
    internal ReadOnlySpan<byte> Take(int count)
    {
        if (count > _end - _at)
        {
            _buffer.AsSpan(_at.._end).CopyTo(_buffer);
            _end -= _at;
            _at = 0;

            // Where the file ends too early, as much as is needed, so that the file says so.
            var more = (int)Math.Clamp(file.Length - Offset - _end, count - _end, MaxTake - _end);
            file.Read(Offset + _end, _buffer.AsSpan(_end, more));
            _end += more;
        }

        Offset += count;
        _at += count;
        return _buffer.AsSpan(_at - count, count);
    }

    internal void Skip(long count)
    {
        Offset += count;
        _at = (int)Math.Min(_at + count, _end);
    }
}
