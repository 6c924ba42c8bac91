using System.IO.MemoryMappedFiles;

namespace SafeTensor.Tests;

/// <summary>A thread that flips bits of a file and flips them back, over and over, through a shared mapping: as fast as memory can be written.</summary>
internal sealed class TogglingWriter : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Thread _thread;
    private readonly long _from;
    private readonly long _length;
    private readonly int _longest;
    private volatile bool _stop;

    /// <param name="path">Of the file.</param>
    /// <param name="from">The first byte that changes.</param>
    /// <param name="length">How many may change, one at a time.</param>
    /// <param name="longest">How long a byte stays changed at most, and unchanged at most twice as long, in turns of a loop of some nanoseconds.</param>
    internal TogglingWriter(string path, long from, long length, int longest)
    {
        (_from, _length, _longest) = (from, length, longest);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        _view = _file.CreateViewAccessor();
        _thread = new Thread(Toggle);
        _thread.Start();
    }

    /// <summary>How many bytes were changed and changed back.</summary>
    internal long Toggles { get; private set; }

    /// <summary>Leaves the file as it was.</summary>
    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _view.Dispose();
        _file.Dispose();
    }

    private void Toggle()
    {
        var random = new Random(1);
        while (!_stop)
        {
            var at = _from + random.NextInt64(_length);
            var value = _view.ReadByte(at);
            _view.Write(at, (byte)(value ^ (1 << random.Next(8))));
            Thread.SpinWait(random.Next(_longest));
            _view.Write(at, value);
            Thread.SpinWait(random.Next(2 * _longest));
            Toggles++;
        }
    }
}
