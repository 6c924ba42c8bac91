using System.Buffers.Binary;
using SafeTensor.Runtime;

namespace SafeTensor.Fuzz.Targets;

/// <summary>
/// A manifest's body behind any header. The first byte gives the segment size, the next two the number of tags, the rest is the body.
/// What is read and written again has the same bytes, but for negative keys.
/// </summary>
internal sealed class ManifestTarget : FuzzTarget
{
    private const int Prefix = 3, Sizes = 7;

    internal override string Name => "manifest";

    protected override SafeModelError[] Errors => [SafeModelError.Tampered, SafeModelError.UnsupportedFormat, SafeModelError.LimitExceeded];

    protected override void Parse(byte[] input)
    {
        if (input.Length < Prefix)
        {
            return;
        }

        var header = Header(input[0], BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(1)), input.Length - Prefix);
        var body = input.AsMemory(Prefix);
        var manifest = ManifestReader.Read(body, header, "mod.params");
        var parts = manifest.Tensors.Concat(manifest.Files).ToList();
        var tags = parts.Where(part => part.IsEncrypted).Sum(part => ManifestPart.SegmentCount(part.Length, header.SegmentSize));
        Promise(tags == header.TagCount, "a tag for each sealed segment");
        Promise(parts.Select(part => part.Name).Distinct(StringComparer.Ordinal).Count() >= manifest.Tensors.Count, "names of their own");
        var written = ManifestWriter.Encode(manifest);
        Promise(written.AsSpan().SequenceEqual(body.Span) || written.Length < body.Length, "one encoding of one manifest");
        var again = ManifestReader.Read(written, Header(input[0], header.TagCount, written.Length), "mod.params");
        Promise(ManifestWriter.Encode(again).AsSpan().SequenceEqual(written), "the same from what is written again");
    }

    internal static ManifestHeader Header(byte size, int tags, int bodyLength)
    {
        Span<byte> bytes = stackalloc byte[ManifestHeader.Length];
        ManifestHeader.Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], ManifestHeader.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], (ushort)CipherSuite.Aes256Gcm);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], ManifestHeader.MinSegmentSize << (size % Sizes));
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], bodyLength);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], tags);
        return ManifestHeader.Parse(bytes, ManifestHeader.Length + bodyLength + (ManifestHeader.TagLength * (long)tags), "mod.params");
    }
}
