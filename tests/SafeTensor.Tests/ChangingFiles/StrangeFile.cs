using System.Diagnostics;
using System.Net.Sockets;

namespace SafeTensor.Tests;

/// <summary>What may stand where a file, or a folder, is expected.</summary>
public sealed class StrangeFile
{
    /// <summary>.NET deletes a socket's name when it closes the socket.</summary>
    private static readonly List<Socket> Sockets = [];

    private readonly string _name;
    private readonly Action<string> _make;

    private StrangeFile(string name, Action<string> make)
    {
        _name = name;
        _make = make;
    }

    internal static StrangeFile Nothing { get; } = new("nothing", _ => { });

    internal static StrangeFile LinkToNothing { get; } = new("a link to nothing", path => File.CreateSymbolicLink(path, path + "-target"));

    internal static StrangeFile Loop { get; } = new("a link to itself", path => File.CreateSymbolicLink(path, path));

    internal static StrangeFile Folder { get; } = new("a folder", path => Directory.CreateDirectory(path));

    internal static StrangeFile RegularFile { get; } = new("a file", path => File.WriteAllText(path, "text"));

    internal static StrangeFile LinkToFile { get; } = LinkTo(RegularFile);

    internal static StrangeFile LinkToFolder { get; } = LinkTo(Folder);

    internal static StrangeFile Fifo { get; } = new("a FIFO", path => Process.Start("mkfifo", path).WaitForExit());

    internal static StrangeFile LinkToFifo { get; } = LinkTo(Fifo);

    internal static StrangeFile UnixSocket { get; } = new("a socket", path =>
    {
        Sockets.Add(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified));
        Sockets[^1].Bind(new UnixDomainSocketEndPoint(path));
    });

    internal static StrangeFile[] Devices { get; } = [Device("zero"), Device("full"), Device("null")];

    internal static StrangeFile EmptyFile { get; } = new("an empty file", path => File.WriteAllBytes(path, []));

    internal static StrangeFile Hole { get; } = new("a hole of 100 000 bytes", path => Sparse(path, 100_000));

    internal static StrangeFile VastHole { get; } = new("a hole of a tebibyte", path => Sparse(path, 1L << 40));

    /// <summary>Puts it to a path at which nothing is.</summary>
    internal void PutAt(string path) => _make(path);

    public override string ToString() => _name;

    private static StrangeFile Device(string name) => new($"the device {name}", path => File.CreateSymbolicLink(path, $"/dev/{name}"));

    private static StrangeFile LinkTo(StrangeFile target) => new($"a link to {target}", path =>
    {
        target.PutAt(path + "-target");
        File.CreateSymbolicLink(path, path + "-target");
    });

    private static void Sparse(string path, long length)
    {
        using var file = File.Create(path);
        file.SetLength(length);
    }
}
