namespace SafeTensor.Tests;

/// <summary>A thread that cuts a file off, to nothing or to its middle, and writes it again in pieces, over and over.</summary>
internal sealed class CuttingWriter : IDisposable
{
    private const int Pieces = 4;

    private readonly byte[] _content;
    private readonly FileStream _file;
    private readonly Thread _thread;
    private volatile bool _stop;

    internal CuttingWriter(string path)
    {
        _content = File.ReadAllBytes(path);
        _file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        _thread = new Thread(Write);
        _thread.Start();
    }

    /// <summary>Leaves the file as it was.</summary>
    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _file.Dispose();
    }

    private void Write()
    {
        var random = new Random(1);
        while (!_stop)
        {
            _file.SetLength(random.Next(2) * _content.Length / 2);
            Thread.SpinWait(random.Next(20_000));
            for (var piece = 0; piece < Pieces; piece++)
            {
                var from = _content.Length * piece / Pieces;
                _file.Position = from;
                _file.Write(_content.AsSpan(from..(_content.Length * (piece + 1) / Pieces)));
                Thread.SpinWait(random.Next(2_000));
            }

            Thread.SpinWait(random.Next(500_000));
        }
    }
}
