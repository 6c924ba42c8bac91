using System.Formats.Tar;

namespace SafeTensor.Tests;

/// <summary>Packs files with .NET's own writer, which is not what the library reads with.</summary>
internal static class TarFile
{
    /// <summary>As <c>tar -C folder -cf path</c>, with another name for each file.</summary>
    internal static string Pack(string path, string folder, TarEntryFormat format, params IEnumerable<(string File, string Name)> files)
    {
        using var writer = new TarWriter(File.Create(path), format);
        foreach (var (file, name) in files)
        {
            using var data = File.OpenRead(Path.Combine(folder, file));
            var entry = New(format, name);
            entry.DataStream = data;
            writer.WriteEntry(entry);
        }

        return path;
    }

    /// <summary>Files with such contents.</summary>
    internal static void Write(string path, TarEntryFormat format, IReadOnlyDictionary<string, byte[]> files)
    {
        using var writer = new TarWriter(File.Create(path), format);
        foreach (var (name, data) in files)
        {
            var entry = New(format, name);
            entry.DataStream = new MemoryStream(data);
            writer.WriteEntry(entry);
        }
    }

    private static TarEntry New(TarEntryFormat format, string name) => format switch
    {
        TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, name),
        TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
        TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name),
        _ => new PaxTarEntry(TarEntryType.RegularFile, name),
    };
}
