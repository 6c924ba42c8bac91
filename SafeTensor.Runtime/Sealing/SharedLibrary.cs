using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace SafeTensor.Runtime.Sealing;

/// <summary>What a compiled library (ELF, System V ABI) asks of the system's loader, and whether it is known to hold weights.</summary>
internal sealed class SharedLibrary
{
    private const int DynamicEntryLength = 16, MaxEntries = 4096, MaxTextLength = 4096;
    private const long Needed = 1, StringTable = 5, RPath = 15, RunPath = 29;

    /// <summary>DT_AUXILIARY, DT_FILTER, DT_AUDIT and DT_DEPAUDIT: other ways to have a library loaded.</summary>
    private static readonly long[] OtherLibraries = [0x7ffffffd, 0x7fffffff, 0x6ffffefc, 0x6ffffefb];

    /// <summary>What every system has that a compiled model can run on.</summary>
    private static readonly string[] Usual = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];

    private readonly PackageFile _file;
    private readonly LibraryLayout _layout;
    private readonly List<(long Tag, long Value)> _entries = [];

    private SharedLibrary(PackageFile file)
    {
        _file = file;
        _layout = LibraryLayout.Read(file);
    }

    /// <exception cref="SafeModelException">It is no shared library, names folders to search, or is to stay readable although it holds weights.</exception>
    internal static void Check(PackageFile file, bool staysClear, ILoggerFactory loggers)
    {
        var library = new SharedLibrary(file);
        library.ReadDynamic();
        library.RefuseSearchPaths();
        library.RefuseLibrariesFromAnywhere();
        library.ReportUnusualLibraries(loggers.CreateLogger(typeof(ModelSealer)));
        if (staysClear && EmbeddedWeights.Find(file) is { } marker)
        {
            throw new SafeModelException(
                SafeModelError.ModelInvalid, file.Name, $"holds weights itself ({marker}), so its code must be sealed too. Leave ClearCode off.");
        }
    }

    private void ReadDynamic()
    {
        if (_layout.Dynamic is not var (offset, length))
        {
            return;
        }

        Span<byte> entry = stackalloc byte[DynamicEntryLength];
        _layout.Demand(length >= 0 && length / DynamicEntryLength <= MaxEntries);
        for (long at = 0; at + DynamicEntryLength <= length; at += DynamicEntryLength)
        {
            _layout.ReadAt(offset + at, entry);
            var (tag, value) = (BinaryPrimitives.ReadInt64LittleEndian(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[8..]));
            if (tag == 0)
            {
                // Of two tables of texts the loader would use the last.
                _layout.Demand(_entries.Count(e => e.Tag == StringTable) <= 1);
                return;
            }

            _entries.Add((tag, value));
        }

        // The loader would read on to the entry that ends the table, wherever that is.
        _layout.Demand(false);
    }

    private void RefuseSearchPaths()
    {
        foreach (var path in Texts(RunPath).Concat(Texts(RPath)))
        {
            throw new SafeModelException(
                SafeModelError.ModelInvalid, _file.Name,
                $"makes the loader look for libraries in '{SafeText.Escape(path)}' (RUNPATH), from where anybody's code could be loaded. Link it without -rpath.");
        }
    }

    // A name with a slash is a path, and a relative one is from whatever folder the program is in. The loader replaces $LIB and its like by paths.
    private void RefuseLibrariesFromAnywhere()
    {
        foreach (var library in OtherLibraries.SelectMany(Texts).Concat(Texts(Needed).Where(name => name.AsSpan().ContainsAny('/', '$'))))
        {
            throw new SafeModelException(
                SafeModelError.ModelInvalid, _file.Name,
                $"makes the loader load '{SafeText.Escape(library)}', which could be anybody's code. Link it with libraries that are found by their names alone (-l), without filters and audits.");
        }
    }

    private void ReportUnusualLibraries(ILogger logger)
    {
        foreach (var library in Texts(Needed).Except(Usual))
        {
            SealLog.NeedsLibrary(logger, SafeText.Escape(library));
        }
    }

    private List<string> Texts(long tag)
    {
        var texts = new List<string>();
        var table = _entries.Find(entry => entry.Tag == StringTable).Value;
        foreach (var (entryTag, value) in _entries)
        {
            if (entryTag == tag)
            {
                texts.Add(Text(table + value));
            }
        }

        return texts;
    }

    private string Text(long address)
    {
        var (at, length) = _layout.At(address);
        _layout.Demand(length > 0);

        // Behind the text can be constants of the model.
        Span<byte> bytes = stackalloc byte[MaxTextLength];
        try
        {
            var available = (int)Math.Min(length, bytes.Length);
            _layout.ReadAt(at, bytes[..available]);
            var end = bytes[..available].IndexOf((byte)0);
            _layout.Demand(end >= 0);
            return Encoding.UTF8.GetString(bytes[..end]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }
}
