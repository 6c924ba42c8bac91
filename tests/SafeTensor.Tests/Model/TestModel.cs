using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>A compiled model of either kind, and what loading it takes.</summary>
public sealed class TestModel
{
    private readonly string _name;
    private readonly Func<string> _folder;

    private TestModel(string name, Func<string> folder)
    {
        _name = name;
        _folder = folder;
    }

    /// <summary>The graph-executor model that is in this repository.</summary>
    internal static TestModel Sample { get; } = new("digits", () => TestData.Digits);

    internal static TestModel RelaxDigits { get; } = Shared("relax-digits");

    /// <summary>One of each kind; both take and give the same, and have weights of their own.</summary>
    internal static IEnumerable<TestModel> Digits => [Sample, RelaxDigits];

    /// <summary>The models of <c>shared/models</c> with cases that a CPU of this kind runs.</summary>
    internal static IEnumerable<TestModel> All =>
        TestData.SharedFolders("models").Where(ModelCase.AreIn).Select(folder => Shared(Path.GetFileName(folder)));

    /// <summary>Each of them with each of its load paths.</summary>
    internal static IEnumerable<(TestModel Model, LoadPath Path)> AllLoads => Loads(All);

    internal static IEnumerable<(TestModel Model, LoadPath Path)> DigitsLoads => Loads(Digits);

    /// <summary>Of Relax, or of the graph executor.</summary>
    internal bool IsRelax => _name.StartsWith("relax-", StringComparison.Ordinal);

    /// <summary>The test is skipped where it, or a runtime of its kind, is not there. To be asked outside of assertions, which take a skip for a failure.</summary>
    internal string Folder
    {
        get
        {
            _ = Options;
            return _folder();
        }
    }

    /// <summary>New options with the runtime of the model's kind, each time, for the test to set what it needs.</summary>
    internal SafeModelOptions Options => IsRelax ? TestRuntime.RelaxOptions : TestRuntime.Options;

    internal IReadOnlyList<LoadPath> LoadPaths => IsRelax ? [LoadPath.InPlace] : [LoadPath.InPlace, LoadPath.LoadParams];

    internal IEnumerable<ModelCase> Cases => ModelCase.In(Folder);

    /// <summary>One of <c>shared/models</c>.</summary>
    internal static TestModel Shared(string name) => new(name, () => TestData.SharedFolder("models", name));

    internal SafeModel LoadPlain(SafeModelOptions? options = null) => SafeModel.LoadPlain(Folder, options ?? Options);

    /// <summary>As tests of it are named.</summary>
    public override string ToString() => _name;

    private static IEnumerable<(TestModel Model, LoadPath Path)> Loads(IEnumerable<TestModel> models) => models.SelectMany(model => model.LoadPaths, (model, path) => (model, path));
}
