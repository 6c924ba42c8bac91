using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Where the suite runs on Apache's runtime for graph-executor models, the one for Relax models must be there before it.</summary>
[SetUpFixture]
public sealed class RuntimeOrder
{
    [OneTimeSetUp]
    public void LoadRelaxFirst()
    {
        if (TestRuntime.Library is not null && TestData.SharedFolders("tvm").Any())
        {
            RelaxRuntime.Load(TestRuntime.RelaxLibrary);
        }
    }
}
