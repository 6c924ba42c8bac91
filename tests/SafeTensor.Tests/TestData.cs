using NUnit.Framework;

namespace SafeTensor.Tests;

/// <summary>Where tests find models and packages: in this repository, and in a folder <c>shared</c> beside it where there is one.</summary>
internal static class TestData
{
    internal static string Repository { get; } = FindUp("SafeTensor.sln") ?? throw new InvalidOperationException("The repository was not found above the tests.");

    internal static string PinnedVectors { get; } = Path.Combine(Repository, "tests", "vectors");

    internal static string Digits { get; } = Path.Combine(Repository, "samples", "digits");

    private static string Shared { get; } = Path.Combine(Path.GetDirectoryName(Repository)!, "shared");

    /// <summary>The folders below <c>shared/<paramref name="kind"/></c>; none where there is no such folder.</summary>
    internal static IEnumerable<string> SharedFolders(string kind)
    {
        var folder = Path.Combine(Shared, kind);
        return Directory.Exists(folder) ? Directory.GetDirectories(folder).Order(StringComparer.Ordinal) : [];
    }

    /// <summary>One folder of them; the test is skipped where it is not there.</summary>
    internal static string SharedFolder(string kind, string name)
    {
        var folder = Path.Combine(Shared, kind, name);
        if (!Directory.Exists(folder))
        {
            Assert.Ignore($"There is no shared/{kind}/{name} beside the repository; its cases need it.");
        }

        return folder;
    }

    private static string? FindUp(string file)
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, file)))
            {
                return folder;
            }
        }

        return null;
    }
}
