namespace SafeTensor.Tests.Independent;

/// <summary>What the body says of a file.</summary>
internal sealed record FilePart(string Name, int Kind, long Length, bool IsEncrypted, byte[] Root) : Part(Length, IsEncrypted, Root)
{
    internal const int Code = 1, Graph = 2;

    internal static FilePart Of(int kind, byte[] data, bool isEncrypted = true) =>
        new(kind == Code ? "mod.so" : "mod.json", kind, data.Length, isEncrypted, NoRoot);
}
