using System.Buffers.Binary;

namespace SafeTensor.Runtime;

/// <summary>What the system's loader maps of a shared library (ELF, System V ABI). All of it is in the file: what is mapped from behind a file's end kills the process.</summary>
internal sealed class LibraryLayout
{
    private const int HeaderLength = 64, ProgramHeaderLength = 56, MaxEntries = 4096;
    private const uint LoadSegment = 1, DynamicSegment = 2;
    private const long PageLength = 4096;

    private readonly PackageFile _file;

    private LibraryLayout(PackageFile file) => _file = file;

    /// <summary>Where parts of the file are in memory.</summary>
    internal List<(long Address, long Offset, long Length)> Segments { get; } = [];

    /// <summary>The loader's instructions, in the file.</summary>
    internal (long Offset, long Length)? Dynamic { get; private set; }

    /// <exception cref="SafeModelException"><see cref="SafeModelError.ModelInvalid"/>: it is no shared library, or not all of one.</exception>
    internal static LibraryLayout Read(PackageFile file)
    {
        var layout = new LibraryLayout(file);
        layout.ReadSegments();
        return layout;
    }

    internal void ReadAt(long offset, Span<byte> destination)
    {
        Demand(offset >= 0 && offset <= _file.Length - destination.Length);
        _file.Read(offset, destination);
    }

    internal void Demand(bool condition)
    {
        if (!condition)
        {
            throw new SafeModelException(SafeModelError.ModelInvalid, _file.Name, "is not a shared library for a 64-bit Linux. Compile the model for the system that runs it.");
        }
    }

    private void ReadSegments()
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        Demand(_file.Length >= HeaderLength);
        _file.Read(0, header);

        // 64-bit, little-endian, a shared object.
        Demand(header[..6].SequenceEqual("\u007fELF\u0002\u0001"u8) && BinaryPrimitives.ReadUInt16LittleEndian(header[16..]) == 3);
        var table = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        Demand(BinaryPrimitives.ReadUInt16LittleEndian(header[54..]) == ProgramHeaderLength && count <= MaxEntries);
        Span<byte> entry = stackalloc byte[ProgramHeaderLength];
        long dynamicAddress = 0, mapped = 0;
        for (var i = 0; i < count; i++)
        {
            ReadAt(table + ((long)i * ProgramHeaderLength), entry);
            var kind = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            var offset = BinaryPrimitives.ReadInt64LittleEndian(entry[8..]);
            var address = BinaryPrimitives.ReadInt64LittleEndian(entry[16..]);
            var length = BinaryPrimitives.ReadInt64LittleEndian(entry[32..]);
            if (kind == LoadSegment)
            {
                RequireInFile(offset, length);

                // The loader maps whole pages, the later over the earlier: where two meet, the file would not say what is in memory.
                var extent = BinaryPrimitives.ReadInt64LittleEndian(entry[40..]);
                Demand(address >= mapped && extent >= length && extent <= long.MaxValue - PageLength - address);
                mapped = (address + extent + PageLength - 1) / PageLength * PageLength;
                Segments.Add((address, offset, length));
            }
            else if (kind == DynamicSegment)
            {
                // One is what the loader uses; a second could hide what it says.
                Demand(Dynamic is null);
                Dynamic = (offset, length);
                dynamicAddress = address;
            }
        }

        // The loader reads it where it is in memory; what is read here by its place in the file must be the same.
        Demand(Dynamic is not { } dynamic || (At(dynamicAddress) is var (place, rest) && place == dynamic.Offset && dynamic.Length >= 0 && dynamic.Length <= rest));
    }

    /// <summary>Where in the file the bytes are that are mapped to an address, and how many from there on; none where there is no segment.</summary>
    internal (long Offset, long Length) At(long address)
    {
        var segment = Segments.Find(s => address >= s.Address && address - s.Address < s.Length);
        return (segment.Offset + (address - segment.Address), segment.Length == 0 ? 0 : segment.Length - (address - segment.Address));
    }

    private void RequireInFile(long offset, long length)
    {
        Demand(offset >= 0 && length >= 0);
        if (length > _file.Length - offset)
        {
            throw new SafeModelException(
                SafeModelError.ModelInvalid, _file.Name, $"is cut off: it has {_file.Length} bytes and needs {length} at byte {offset}. Copy the whole file again.");
        }
    }
}
