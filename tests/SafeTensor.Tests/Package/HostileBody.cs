using System.Formats.Cbor;

namespace SafeTensor.Tests;

/// <summary>A manifest's body with any one of its values replaced by CBOR of a test's own.</summary>
internal sealed class HostileBody
{
    internal byte[] ModelId { get; init; } = Text("m");

    internal byte[] Created { get; init; } = [0x00];

    internal byte[] Tensors { get; init; } = [0x80];

    internal byte[] Files { get; init; } = [0x80];

    /// <summary>Further keys and values, behind all others.</summary>
    internal byte[] More { get; init; } = [];

    internal int MoreCount { get; init; }

    internal byte[] Encode() =>
        [(byte)(0xA5 + MoreCount), 0x01, .. ModelId, 0x02, 0x01, 0x03, .. Created, 0x06, .. Tensors, 0x07, .. Files, .. More];

    /// <summary>A list of one tensor.</summary>
    internal static byte[] Tensor(
        byte[]? name = null, byte[]? code = null, byte[]? bits = null, byte[]? shape = null, byte[]? length = null, byte[]? flags = null, byte[]? root = null) =>
        [0x81, 0x87, .. name ?? Bytes("t"u8), .. code ?? [0x02], .. bits ?? [0x18, 32], .. shape ?? [0x80], .. length ?? [0x04], .. flags ?? [0x00], .. root ?? Bytes(new byte[32])];

    /// <summary>A list of one file.</summary>
    internal static byte[] File(byte[]? name = null, byte[]? kind = null, byte[]? length = null, byte[]? flags = null, byte[]? root = null) =>
        [0x81, 0x85, .. name ?? Text("mod.so"), .. kind ?? [0x01], .. length ?? [0x04], .. flags ?? [0x00], .. root ?? Bytes(new byte[32])];

    internal static byte[] Number(ulong value) => Written(writer => writer.WriteUInt64(value));

    internal static byte[] Text(string value) => Written(writer => writer.WriteTextString(value));

    internal static byte[] Bytes(ReadOnlySpan<byte> value)
    {
        var bytes = value.ToArray();
        return Written(writer => writer.WriteByteString(bytes));
    }

    internal static byte[] Shape(params ulong[] sides) => Written(writer =>
    {
        writer.WriteStartArray(sides.Length);
        foreach (var side in sides)
        {
            writer.WriteUInt64(side);
        }

        writer.WriteEndArray();
    });

    private static byte[] Written(Action<CborWriter> write)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        write(writer);
        return writer.Encode();
    }
}
