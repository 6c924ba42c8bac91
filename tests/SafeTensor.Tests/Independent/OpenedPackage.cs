namespace SafeTensor.Tests.Independent;

/// <summary>A package that passed every check: its manifest, and its tensors and files in plain text, in the order of the body.</summary>
internal sealed record OpenedPackage(int ManifestOffset, Header Header, PackageKeys Keys, byte[] BodyBytes, Body Body, byte[][] Tensors, byte[][] Files)
{
    /// <summary>Where the tags stand in <c>mod.params</c>.</summary>
    internal int TagsOffset => ManifestOffset + Header.Length + BodyBytes.Length;

    /// <summary>Where each tensor's data stands in <c>mod.params</c>.</summary>
    internal int[] TensorOffsets()
    {
        var (offsets, position) = (new int[Body.Tensors.Length], TagsOffset + (Crypto.TagLength * Header.TagCount));
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = position + ParamsList.RecordHead(Body.Tensors[i]).Length;
            position = offsets[i] + (int)Body.Tensors[i].Length;
        }

        return offsets;
    }
}
