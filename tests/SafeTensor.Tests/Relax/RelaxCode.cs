namespace SafeTensor.Tests.Relax;

/// <summary>Changes a compiled model's code as no compiler would leave it.</summary>
internal static class RelaxCode
{
    /// <summary>A copy of a model of <c>shared/models</c> in which one piece of the code, which occurs once, is another of the same length.</summary>
    internal static string With(TemporaryFolder folder, TestModel model, ReadOnlySpan<byte> piece, ReadOnlySpan<byte> other)
    {
        var copy = folder.CopyOf(model.Folder);
        var path = Path.Combine(copy, "mod.so");
        var code = File.ReadAllBytes(path);
        var at = code.AsSpan().IndexOf(piece);
        if (at < 0 || code.AsSpan(at + 1).IndexOf(piece) >= 0 || piece.Length != other.Length)
        {
            throw new InvalidOperationException("The piece is not there once, or the other is of another length.");
        }

        other.CopyTo(code.AsSpan(at));
        File.WriteAllBytes(path, code);
        return copy;
    }
}
