namespace SafeTensor.Runtime;

/// <summary>One run at a time of a model. Not thread-safe.</summary>
internal abstract unsafe class Executor : IDisposable
{
    /// <summary>From the next run on, input <paramref name="index"/> is read from <paramref name="address"/>, which the caller keeps alive.</summary>
    internal abstract void BindInput(int index, void* address);

    /// <summary>After each run, output <paramref name="index"/> is at <paramref name="address"/>, which the caller keeps alive.</summary>
    internal abstract void BindOutput(int index, void* address);

    internal abstract void Run();

    public abstract void Dispose();
}
