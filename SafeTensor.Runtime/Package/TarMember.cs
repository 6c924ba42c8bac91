namespace SafeTensor.Runtime;

/// <summary>A regular file in a tar, and where its data is.</summary>
/// <param name="Name">Its path in the tar, without a leading <c>./</c>; relative, and nowhere upwards.</param>
/// <param name="Offset">Of its first byte in the tar.</param>
/// <param name="Length">In bytes.</param>
internal readonly record struct TarMember(string Name, long Offset, long Length);
