namespace SafeTensor.Tests.Independent;

/// <summary>A package that passed every check: its manifest, and its tensors and files in plain text, in the order of the body.</summary>
internal sealed record OpenedPackage(int ManifestOffset, Header Header, PackageKeys Keys, byte[] BodyBytes, Body Body, byte[][] Tensors, byte[][] Files);
