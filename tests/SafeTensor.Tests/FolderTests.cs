using System.Text.RegularExpressions;
using NUnit.Framework;

namespace SafeTensor.Tests;

/// <summary>The folders of the library, and of the native runtime, use each other in one direction only.</summary>
public sealed class FolderTests
{
    /// <summary>Each may use those after it.</summary>
    private static readonly string[] Order = ["Sealing", "Model", "Package", "Keys", "Protection", "Tensors", ""];

    [Test]
    public void Arrows_between_the_librarys_folders_point_one_way()
    {
        var root = Path.Combine(TestData.Repository, "SafeTensor.Runtime");
        var files = Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .ToDictionary(file => file, file => Folder(root, file));

        // One type a file, so a file's name is a type's.
        var types = files.ToLookup(file => Path.GetFileNameWithoutExtension(file.Key).Split('.')[0], file => file.Value);
        var wrong = new List<string>();
        foreach (var (file, folder) in files)
        {
            var words = Regex.Matches(WithoutComments(File.ReadAllText(file)), @"\b[A-Z]\w+\b").Select(match => match.Value).ToHashSet();
            wrong.AddRange(
                from word in words
                from used in types[word]
                where Array.IndexOf(Order, used) < Array.IndexOf(Order, folder)
                select $"{Path.GetRelativePath(root, file)} uses {used}/{word}");
        }

        Assert.That(files.Values.Distinct(), Is.SubsetOf(Order));
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Arrows_between_the_native_runtimes_folders_point_one_way()
    {
        string[] order = ["guest", "graph", "module", "contrib", "parallel", "tensor", "core"];
        var root = Path.Combine(TestData.Repository, "native", "src");
        var wrong =
            from file in Directory.GetFiles(root, "*.*", SearchOption.AllDirectories).Where(file => file.EndsWith(".h", StringComparison.Ordinal) || file.EndsWith(".cc", StringComparison.Ordinal))
            from Match include in Regex.Matches(File.ReadAllText(file), "#include \"(\\w+)/")
            where Array.IndexOf(order, include.Groups[1].Value) < Array.IndexOf(order, Folder(root, file))
            select $"{Path.GetRelativePath(root, file)} uses {include.Groups[1].Value}";

        Assert.That(Directory.GetDirectories(root).Select(Path.GetFileName), Is.EquivalentTo(order));
        Assert.That(wrong, Is.Empty);
    }

    private static string Folder(string root, string file)
    {
        var relative = Path.GetRelativePath(root, file);
        return relative.Contains('/', StringComparison.Ordinal) ? relative.Split('/')[0] : "";
    }

    // Comments and messages may speak of anything.
    private static string WithoutComments(string text) => Regex.Replace(text, """//.*|"(\\.|[^"\\])*(")""", "");
}
