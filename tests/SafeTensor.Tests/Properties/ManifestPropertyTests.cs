using CsCheck;
using NUnit.Framework;
using SafeTensor.Fuzz.Targets;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Manifests: what is written is read, it has one form, and whatever is read, the rules read one by one give the same.</summary>
public sealed class ManifestPropertyTests
{
    private const int Iterations = 20_000;

    private static readonly Gen<Manifest> Manifests = Gen.Select(
        RandomTensors.Some, Gen.Int[0, 3], Gen.Int[0, 255], Gen.ULong, Gen.Long[0, 253_402_300_799], Gen.String[Gen.Char["abä/"], 0, 9], Gen.Byte,
        (tensors, files, encrypted, version, created, text, root) => new Manifest
        {
            ModelId = text,
            ModelVersion = version,
            Created = DateTimeOffset.FromUnixTimeSeconds(created),
            NotAfter = encrypted % 2 == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(created / 2),
            Producer = encrypted % 3 == 0 ? null : text + "p",
            Tensors = [.. tensors.Select((tensor, i) => Part((uint)i, tensor.Name, tensor.ByteLength, encrypted >> (i % 8), root, tensor, default))],
            Files = [.. new[] { ("mod.so", FileKind.Code), ("mod.json", FileKind.Graph) }.Where((_, i) => (files >> i) % 2 == 1)
                .Select((file, i) => Part(ManifestPart.FirstFile + (uint)i, file.Item1, 200_000, encrypted >> i, root, null, file.Item2))],
        });

    [Test]
    public void What_is_written_is_read_and_has_one_form() => Manifests.Sample(
        manifest =>
        {
            var body = ManifestWriter.Encode(manifest);
            var read = ManifestReader.Read(body, Header(body, manifest), "mod.params");
            Assert.That(Text(read), Is.EqualTo(Text(manifest)));
            Assert.That(ManifestWriter.Encode(read), Is.EqualTo(body));
        },
        iter: Iterations / 10, threads: 1);

    [Test]
    public void An_edit_is_refused_or_read_as_the_rules_say()
    {
        var (read, refused) = (0, 0);
        Gen.Select(Manifests, RandomEdit.Some).Sample(
            (manifest, edits) =>
            {
                var body = RandomEdit.Apply(ManifestWriter.Encode(manifest), edits);
                var header = Header(body, manifest);
                string? expected;
                try
                {
                    expected = SlowManifest.Read(body, header.SegmentSize, header.TagCount);
                }
                catch (NotSupportedException)
                {
                    return;
                }

                Assert.That(Read(body, header), Is.EqualTo(expected), () => Convert.ToHexString(body));
                (read, refused) = expected is null ? (read, refused + 1) : (read + 1, refused);
            },
            iter: Iterations, threads: 1);
        Assert.That(Math.Min(read, refused), Is.GreaterThan(Iterations / 50));
    }

    private static string? Read(byte[] body, ManifestHeader header)
    {
        try
        {
            return Text(ManifestReader.Read(body, header, "mod.params"));
        }
        catch (SafeModelException e) when (e.Error is SafeModelError.Tampered or SafeModelError.UnsupportedFormat or SafeModelError.LimitExceeded)
        {
            return null;
        }
    }

    private static ManifestHeader Header(byte[] body, Manifest manifest) => ManifestTarget.Header(
        0, (int)manifest.Tensors.Concat(manifest.Files).Where(part => part.IsEncrypted).Sum(part => ManifestPart.SegmentCount(part.Length, ManifestHeader.MinSegmentSize)), body.Length);

    private static ManifestPart Part(uint number, string name, long length, int encrypted, byte root, ParameterInfo? tensor, FileKind kind) => new()
    {
        Number = number,
        Name = name,
        Length = length,
        IsEncrypted = encrypted % 2 == 1,
        Root = Enumerable.Repeat(root, 32).ToArray(),
        Tensor = tensor,
        Kind = kind,
    };

    private static string Text(Manifest manifest) => string.Join('|',
    [
        manifest.ModelId, $"{manifest.ModelVersion}", $"{manifest.Created.ToUnixTimeSeconds()}", $"{manifest.NotAfter?.ToUnixTimeSeconds()}", manifest.Producer ?? "",
        .. manifest.Tensors.Select(part => $"{part.Name} {part.Tensor!.Type.Code} {part.Tensor.Type.Bits} [{string.Join(',', part.Tensor.Shape)}] {Common(part)}"),
        .. manifest.Files.Select(part => $"{part.Name} {(int)part.Kind} {Common(part)}"),
    ]);

    private static string Common(ManifestPart part) => $"{part.Length} {(part.IsEncrypted ? 1 : 0)} {Convert.ToHexString(part.Root.Span)}";
}
