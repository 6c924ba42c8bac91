namespace SafeTensor.Runtime;

/// <summary>A plain model's files, found by the names that TVM, tvmc and their users give them.</summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Code">The compiled library, if there is one.</param>
/// <param name="Graph">The graph, if there is one.</param>
/// <param name="Parameters">The parameters, if there are any.</param>
internal sealed record SourceFiles(string Directory, string? Code, string? Graph, string? Parameters)
{
    private static readonly string[] CodeNames = [ModelPackage.CodeName, "deploy_lib.so"];
    private static readonly string[] GraphNames = [ModelPackage.GraphName, "deploy_graph.json"];
    private static readonly string[] ParamsNames = [ModelPackage.ParamsName, "mod.param", "deploy_param.params"];

    /// <exception cref="FileNotFoundException">There is no such folder, or nothing of a model in it.</exception>
    internal static SourceFiles Find(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (!System.IO.Directory.Exists(directory))
        {
            throw new FileNotFoundException($"There is no folder '{directory}'.", directory);
        }

        var files = new SourceFiles(directory, First(directory, CodeNames), First(directory, GraphNames), First(directory, ParamsNames));
        return files is { Code: null, Parameters: null }
            ? throw new FileNotFoundException(
                $"There is no model in '{directory}': it has neither {string.Join(" or ", CodeNames)} nor {string.Join(" or ", ParamsNames)}.", directory)
            : files;
    }

    private static string? First(string directory, string[] names) =>
        names.Select(name => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
}
