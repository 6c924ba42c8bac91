namespace SafeTensor.Benchmarks.Onnx;

/// <summary>What loads a model and runs it once.</summary>
internal enum FirstRunKind
{
    /// <summary>SafeTensor, from the sealed files.</summary>
    Sealed,

    /// <summary>SafeTensor, from the plain files.</summary>
    Plain,

    /// <summary>ONNX Runtime, from a plain file.</summary>
    OnnxRuntime,
}
