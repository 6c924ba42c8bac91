using SafeTensor.Tests.Independent;

namespace SafeTensor.Tests.Audit;

/// <summary>What a holder of the model key can do to a sealed package without touching its manifest: change a segment, and keep the segment's tag.</summary>
internal static class SameTag
{
    /// <summary>Changes the first 16 bytes of a tensor's first segment, and the 16 that follow so that the tag fits.</summary>
    internal static void ChangeTensor(string folder, byte[] modelKey, int tensor)
    {
        var (opened, path) = (IndependentReader.Open(folder, modelKey), Path.Combine(folder, "mod.params"));
        var file = File.ReadAllBytes(path);
        Change(opened, file.AsSpan(opened.TensorOffsets()[tensor]), opened.Body.Tensors[tensor], (uint)tensor);
        File.WriteAllBytes(path, file);
    }

    /// <summary>The same in code or graph.</summary>
    internal static void ChangeFile(string folder, byte[] modelKey, int index)
    {
        var opened = IndependentReader.Open(folder, modelKey);
        var part = opened.Body.Files[index];
        var file = File.ReadAllBytes(Path.Combine(folder, part.Name));
        Change(opened, file, part, Segments.FirstFile + (uint)index);
        File.WriteAllBytes(Path.Combine(folder, part.Name), file);
    }

    private static void Change(OpenedPackage package, Span<byte> stored, Part part, uint number)
    {
        var segment = stored[..(int)Math.Min(part.Length, package.Header.SegmentSize)];
        var (key, associated) = (package.Keys.DataKey, Segments.AssociatedData(package.Header.FileId, part.Length));
        var nonce = Segments.Nonce(number, 0, segment.Length == part.Length);
        if (package.Header.Suite == 1)
        {
            // The sign of the first float32.
            new GcmSegment(key, nonce, associated).ChangeKeepingTag(segment, 0, [0, 0, 0, 0x80], 1);
            return;
        }

        var poly = new Poly1305Segment(key, nonce, associated);
        for (var addend = 1; !poly.TryChangeKeepingTag(segment, 0, addend, 1); addend++)
        {
        }
    }
}
