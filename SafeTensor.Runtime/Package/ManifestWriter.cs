using System.Formats.Cbor;
using System.Text;

namespace SafeTensor.Runtime;

/// <summary>Writes a manifest's body. The encoding: <see cref="ManifestFields"/>.</summary>
internal static class ManifestWriter
{
    internal static byte[] Encode(Manifest manifest)
    {
        var writer = new CborWriter(CborConformanceMode.Ctap2Canonical);
        writer.WriteStartMap(5 + (manifest.NotAfter is null ? 0 : 1) + (manifest.Producer is null ? 0 : 1));
        writer.WriteUInt64(ManifestFields.ModelId);
        writer.WriteTextString(manifest.ModelId);
        writer.WriteUInt64(ManifestFields.ModelVersion);
        writer.WriteUInt64(manifest.ModelVersion);
        writer.WriteUInt64(ManifestFields.Created);
        writer.WriteInt64(manifest.Created.ToUnixTimeSeconds());
        if (manifest.NotAfter is { } notAfter)
        {
            writer.WriteUInt64(ManifestFields.NotAfter);
            writer.WriteInt64(notAfter.ToUnixTimeSeconds());
        }

        if (manifest.Producer is { } producer)
        {
            writer.WriteUInt64(ManifestFields.Producer);
            writer.WriteTextString(producer);
        }

        writer.WriteUInt64(ManifestFields.Tensors);
        writer.WriteStartArray(manifest.Tensors.Count);
        foreach (var part in manifest.Tensors)
        {
            WriteTensor(writer, part);
        }

        writer.WriteEndArray();
        writer.WriteUInt64(ManifestFields.Files);
        writer.WriteStartArray(manifest.Files.Count);
        foreach (var part in manifest.Files)
        {
            writer.WriteStartArray(ManifestFields.FileFieldCount);
            writer.WriteTextString(part.Name);
            writer.WriteInt32((int)part.Kind);
            WriteCommon(writer, part);
        }

        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void WriteTensor(CborWriter writer, ManifestPart part)
    {
        var tensor = part.Tensor!;
        writer.WriteStartArray(ManifestFields.TensorFieldCount);
        writer.WriteByteString(Encoding.UTF8.GetBytes(part.Name));
        writer.WriteInt32(tensor.Type.Code);
        writer.WriteInt32(tensor.Type.Bits);
        writer.WriteStartArray(tensor.Shape.Length);
        foreach (var length in tensor.Shape)
        {
            writer.WriteInt64(length);
        }

        writer.WriteEndArray();
        WriteCommon(writer, part);
    }

    private static void WriteCommon(CborWriter writer, ManifestPart part)
    {
        writer.WriteInt64(part.Length);
        writer.WriteUInt64(part.IsEncrypted ? ManifestFields.Encrypted : 0);
        writer.WriteByteString(part.Root.Span);
        writer.WriteEndArray();
    }
}
