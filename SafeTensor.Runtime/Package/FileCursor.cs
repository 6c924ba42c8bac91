namespace SafeTensor.Runtime;

/// <summary>Reads a file from one place on through a small buffer: a system call for each of many short names would be most of the work.</summary>
/// <remarks>The buffer is protected memory: what lies behind a plain file's names are its weights.</remarks>
internal sealed class FileCursor(PackageFile file) : IDisposable
{
    /// <summary>What can be taken at once.</summary>
    internal const int MaxTake = 4096;

    private readonly ProtectedMemory _buffer = ProtectedMemory.Reserve(MaxTake);
    private int _at;
    private int _end;

    /// <summary>Of the next byte in the file.</summary>
    internal long Offset { get; private set; }

    /// <param name="count">At most <see cref="MaxTake"/>.</param>
    /// <returns>The next bytes, until the next call or <see cref="Dispose"/>.</returns>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.Tampered"/>: the file ends before that.</exception>
    internal ReadOnlySpan<byte> Take(int count)
    {
        if (count > _end - _at)
        {
            _buffer.Span[_at.._end].CopyTo(_buffer.Span);
            _end -= _at;
            _at = 0;

            // Where the file ends too early, as much as is needed, so that the file says so.
            var more = (int)Math.Clamp(file.Length - Offset - _end, count - _end, MaxTake - _end);
            file.Read(Offset + _end, _buffer.Span.Slice(_end, more));
            _end += more;
        }

        Offset += count;
        _at += count;
        return _buffer.Span.Slice(_at - count, count);
    }

    internal void Skip(long count)
    {
        Offset += count;
        _at = (int)Math.Min(_at + count, _end);
    }

    public void Dispose() => _buffer.Dispose();
}
