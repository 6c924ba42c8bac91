namespace SafeTensor.Runtime;

/// <summary>Which of the files in a folder or a tar are a plain model's, told by the names that TVM, tvmc and their users give them.</summary>
/// <param name="Code">The compiled library, if there is one.</param>
/// <param name="Graph">The graph, if there is one.</param>
/// <param name="Parameters">The parameters, if there are any.</param>
/// <param name="Archive">The tar that holds all of these, where they are not here themselves.</param>
internal sealed record SourceNames(string? Code, string? Graph, string? Parameters, string? Archive)
{
    private const string LibraryEnding = ".so", ArchiveEnding = ".tar";

    private static readonly string[] CodeNames = [ModelPackage.CodeName, "deploy_lib.so"];
    private static readonly string[] GraphNames = [ModelPackage.GraphName, "deploy_graph.json"];
    private static readonly string[] ParamsNames = [ModelPackage.ParamsName, "mod.param", "deploy_param.params"];
    private static readonly string[] CompressedEndings = [".gz", ".tgz", ".xz", ".bz2", ".zst", ".zip"];

    /// <param name="place">The folder or the tar, escaped, for messages.</param>
    /// <param name="found">The names of its files; those in folders below, with a slash, are passed over.</param>
    /// <param name="isArchive">Whether it is a tar, in which no other one is looked for.</param>
    /// <exception cref="FileNotFoundException">There is nothing of a model.</exception>
    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: there is too much to choose from, or what this library cannot use.</exception>
    internal static SourceNames Choose(string place, IEnumerable<string> found, bool isArchive)
    {
        var all = found.Order(StringComparer.Ordinal).ToList();
        var names = all.FindAll(name => !name.Contains('/', StringComparison.Ordinal));
        var graph = OneOf(GraphNames, "graph");
        var parameters = OneOf(ParamsNames, "parameters");
        var code = OneOf(CodeNames, "code") ?? LoneLibrary();
        var archive = isArchive ? null : LoneArchive();
        return code is null && parameters is null && archive is null ? throw Missing(place, all, isArchive) : new SourceNames(code, graph, parameters, archive);

        string? OneOf(string[] known, string what)
        {
            var present = names.FindAll(name => known.Contains(name));
            return present.Count < 2 ? present.FirstOrDefault()
                : throw Ambiguous(place, $"has {List(present)}, and which of them is the model's {what} cannot be told. Keep one of them there.");
        }

        // A factory library, whatever its name, holds all of a model.
        string? LoneLibrary()
        {
            var libraries = names.FindAll(name => name.EndsWith(LibraryEnding, StringComparison.Ordinal));
            return libraries.Count == 0 || (libraries.Count == 1 && graph is null && parameters is null) ? libraries.FirstOrDefault()
                : throw Ambiguous(
                    place, $"has {List([.. libraries, .. new[] { graph, parameters }.OfType<string>()])} and no {ModelPackage.CodeName}, so that the model's code cannot be told. "
                    + $"Rename it to {ModelPackage.CodeName}, or name a .so that holds all of the model itself.");
        }

        string? LoneArchive()
        {
            var archives = names.FindAll(name => name.EndsWith(ArchiveEnding, StringComparison.Ordinal));
            List<string> loose = [.. new[] { code, graph, parameters }.OfType<string>()];
            return archives.Count == 0 || (archives.Count == 1 && loose.Count == 0) ? archives.FirstOrDefault()
                : throw Ambiguous(place, $"has {List([.. archives, .. loose])}, and which of them is the model cannot be told. Name the .tar itself, or move it away.");
        }
    }

    /// <summary>Whether a path ends with one of the names that are looked for first.</summary>
    internal static bool IsPart(string path) => new[] { CodeNames, GraphNames, ParamsNames }.Any(names => names.Contains(Path.GetFileName(path)));

    private static Exception Missing(string place, List<string> names, bool isArchive)
    {
        var found = $"has {List(names)}";
        return names.Contains("metadata.json")
            ? Ambiguous(place, $"{found}: TVM's Model Library Format, source code that is still to be compiled. Compile the model with `tvmc compile --output-format so`.")
            : names.Exists(name => name.EndsWith(".o", StringComparison.Ordinal) || (isArchive && name.EndsWith(ArchiveEnding, StringComparison.Ordinal)))
            ? Ambiguous(place, $"{found}: a library that is still to be linked. Compile the model with `tvmc compile --output-format so`.")
            : names.Exists(name => CompressedEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
            ? Ambiguous(place, $"{found}: no model, unless it is compressed. Unpack it first.")
            : new FileNotFoundException(
                $"There is no model in '{place}', which {found}. It needs {string.Join(" or ", CodeNames)} or a single {LibraryEnding}, or {string.Join(" or ", ParamsNames)}, "
                + (isArchive ? "packed without their folder: tar -C FOLDER." : "and not in a folder below."), place);
    }

    private static SafeModelException Ambiguous(string place, string message) => new(SafeModelError.ModelInvalid, place, message);

    private static string List(List<string> names) => names.Count == 0 ? "no files" : SafeText.List(names, SafeText.Escape);
}
