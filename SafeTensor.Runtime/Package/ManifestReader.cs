using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Text;
using System.Text.Unicode;

namespace SafeTensor.Runtime;

/// <summary>Reads a manifest's body in one pass: its form, its ranges, and that its tags are exactly those that its parts need.</summary>
internal sealed class ManifestReader
{
    private static readonly SearchValues<char> FileNameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private readonly CborReader _reader;
    private readonly ManifestHeader _header;
    private readonly string _file;
    private long _tags;
    private int _ignoredItems;

    private ManifestReader(ReadOnlyMemory<byte> body, ManifestHeader header, string file)
    {
        _reader = new CborReader(body, CborConformanceMode.Ctap2Canonical);
        _header = header;
        _file = file;
    }

    /// <summary>Reads an authenticated body, or for inspection a claimed one.</summary>
    /// <param name="body">Exactly the body.</param>
    /// <param name="header">Of the same manifest: segment size and number of tags.</param>
    /// <param name="file">The file's name, for messages.</param>
    internal static Manifest Read(ReadOnlyMemory<byte> body, ManifestHeader header, string file)
    {
        try
        {
            return new ManifestReader(body, header, file).Read();
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            throw new SafeModelException(SafeModelError.Tampered, file, "has a manifest that is not well formed. Get the package again.", e);
        }
    }

    private Manifest Read()
    {
        string? modelId = null, producer = null;
        ulong? modelVersion = null;
        DateTimeOffset? created = null, notAfter = null;
        IReadOnlyList<ManifestPart>? tensors = null, files = null;
        _reader.ReadStartMap();
        while (_reader.PeekState() != CborReaderState.EndMap)
        {
            if (_reader.PeekState() == CborReaderState.NegativeInteger)
            {
                _reader.SkipValue();
                SkipValue();
                continue;
            }

            switch (_reader.ReadUInt64())
            {
                case ManifestFields.ModelId: modelId = ReadText(); break;
                case ManifestFields.ModelVersion: modelVersion = _reader.ReadUInt64(); break;
                case ManifestFields.Created: created = ReadTime(); break;
                case ManifestFields.NotAfter: notAfter = ReadTime(); break;
                case ManifestFields.Producer: producer = ReadText(); break;
                case ManifestFields.Tensors: tensors = ReadTensors(); break;
                case ManifestFields.Files: files = ReadFiles(); break;
                case var key: throw Unsupported($"has a field {key} in its manifest that this library does not know. Update SafeTensor.");
            }
        }

        _reader.ReadEndMap();
        if (_reader.BytesRemaining != 0 || _tags != _header.TagCount)
        {
            throw Malformed($"has {_header.TagCount} tags for {_tags} sealed segments");
        }

        return new Manifest
        {
            ModelId = modelId ?? throw Malformed("names no model"),
            ModelVersion = modelVersion ?? throw Malformed("has no model version"),
            Created = created ?? throw Malformed("has no date"),
            NotAfter = notAfter,
            Producer = producer,
            Tensors = tensors ?? throw Malformed("lists no tensors"),
            Files = files ?? throw Malformed("lists no files"),
        };
    }

    private List<ManifestPart> ReadTensors()
    {
        var count = ReadArray(ParamsFormat.MaxTensors, "tensors");
        var parts = new List<ManifestPart>();
        var names = new HashSet<string>(StringComparer.Ordinal) { Manifest.TensorName };
        for (var i = 0; i < count; i++)
        {
            Exactly(ManifestFields.TensorFieldCount);
            var name = ReadTensorName(names);
            var type = new DataType(checked((byte)_reader.ReadUInt32()), checked((byte)_reader.ReadUInt32()), 1);
            var shape = new long[ReadArray(ParamsFormat.MaxRank, "dimensions")];
            for (var d = 0; d < shape.Length; d++)
            {
                shape[d] = checked((long)_reader.ReadUInt64());
            }

            _reader.ReadEndArray();
            var length = checked((long)_reader.ReadUInt64());
            if (length != type.ByteLengthOf(shape))
            {
                throw Malformed($"says that '{SafeText.Escape(name)}' is {type}[{string.Join(',', shape)}] in {length} bytes, which do not agree");
            }

            parts.Add(ReadCommon((uint)i, name, length, new ParameterInfo(name, type, shape, length), default));
        }

        _reader.ReadEndArray();
        return parts;
    }

    private ManifestPart[] ReadFiles()
    {
        var parts = new ManifestPart[ReadArray(2, "files")];
        for (var i = 0; i < parts.Length; i++)
        {
            Exactly(ManifestFields.FileFieldCount);
            if (!TryReadText(Manifest.MaxFileNameLength, out var name) || !IsFileName(name) || (i == 1 && parts[0].Name == name))
            {
                throw Malformed("has a file name that is too long, not allowed, or there twice");
            }

            var number = _reader.ReadUInt64();
            if (number is not ((ulong)FileKind.Code or (ulong)FileKind.Graph))
            {
                throw Unsupported($"has a file of kind {number} that this library does not know. Update SafeTensor.");
            }

            var kind = (FileKind)number;
            if (i == 1 && parts[0].Kind == kind)
            {
                throw Malformed($"has two files of the kind {kind}");
            }

            var length = _reader.ReadUInt64();
            if (length > Manifest.MaxFileLength)
            {
                throw Above($"has {length} bytes of '{name}'; the limit is {Manifest.MaxFileLength}");
            }

            parts[i] = ReadCommon(ManifestPart.FirstFile + (uint)i, name, (long)length, null, kind);
        }

        _reader.ReadEndArray();
        return parts;
    }

    private ManifestPart ReadCommon(uint number, string name, long length, ParameterInfo? tensor, FileKind kind)
    {
        var flags = _reader.ReadUInt64();
        if (flags > ManifestFields.Encrypted)
        {
            throw Unsupported($"has flags {flags} on '{SafeText.Escape(name)}' that this library does not know. Update SafeTensor.");
        }

        var root = _reader.ReadDefiniteLengthByteString();
        _reader.ReadEndArray();
        var segments = ManifestPart.SegmentCount(length, _header.SegmentSize);
        if (root.Length != PartDigest.Length)
        {
            throw Malformed($"has a root of {root.Length} bytes for '{SafeText.Escape(name)}'");
        }

        if (segments > ManifestPart.MaxSegments)
        {
            throw Above($"has {segments} segments of '{SafeText.Escape(name)}'; the limit is {ManifestPart.MaxSegments}");
        }

        var first = _tags;
        _tags += flags == ManifestFields.Encrypted ? segments : 0;
        if (_tags > _header.TagCount)
        {
            throw Malformed($"has {_header.TagCount} tags, and needs more for '{SafeText.Escape(name)}'");
        }

        return new ManifestPart
        {
            Number = number,
            Name = name,
            Length = length,
            IsEncrypted = flags == ManifestFields.Encrypted,
            Root = root.ToArray(),
            FirstTag = (int)first,
            Tensor = tensor,
            Kind = kind,
        };
    }

    private string ReadTensorName(HashSet<string> names)
    {
        var bytes = _reader.ReadDefiniteLengthByteString();
        return !TensorName.TryDecode(bytes.Span, out var name) ? throw Malformed("has a tensor name that is empty, too long, not UTF-8 or holds control characters")
            : names.Add(name) ? name
            : throw Malformed($"names '{SafeText.Escape(name)}' twice");
    }

    private string ReadText() => TryReadText(Manifest.MaxTextLength, out var text) ? text
        : throw Above($"has a text in its manifest that is longer than {Manifest.MaxTextLength} bytes");

    // Without a string of a length that nobody has vouched for.
    private bool TryReadText(int limit, [NotNullWhen(true)] out string? text)
    {
        var bytes = _reader.ReadDefiniteLengthTextStringBytes().Span;
        text = bytes.Length > limit ? null
            : Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes)
            : throw Malformed("has a text that is not UTF-8");
        return text is not null;
    }

    private DateTimeOffset ReadTime()
    {
        var seconds = _reader.ReadUInt64();
        return seconds < Manifest.EndOfTime ? DateTimeOffset.FromUnixTimeSeconds((long)seconds) : throw Malformed($"has a date {seconds} beyond the year 9999");
    }

    // CborReader's own remembers every level, however deep, and takes no limit.
    private void SkipValue()
    {
        var outside = _reader.CurrentDepth;
        do
        {
            var state = _reader.PeekState();
            if (state is not (CborReaderState.EndArray or CborReaderState.EndMap) && ++_ignoredItems > ManifestFields.MaxIgnoredItems)
            {
                throw Above($"has more than {ManifestFields.MaxIgnoredItems} values of fields that are to be ignored in its manifest");
            }

            switch (state)
            {
                case CborReaderState.StartArray: _reader.ReadStartArray(); break;
                case CborReaderState.EndArray: _reader.ReadEndArray(); break;
                case CborReaderState.StartMap: _reader.ReadStartMap(); break;
                case CborReaderState.EndMap: _reader.ReadEndMap(); break;
                default: _reader.SkipValue(); break;
            }

            if (_reader.CurrentDepth > ManifestFields.MaxDepth)
            {
                throw Malformed($"nests deeper than {ManifestFields.MaxDepth} levels");
            }
        }
        while (_reader.CurrentDepth > outside);
    }

    private int ReadArray(int limit, string what)
    {
        var count = _reader.ReadStartArray() ?? throw Malformed("has an array of no definite length");
        return count <= limit ? count
            : throw Above($"lists {count} {what} in its manifest; the limit is {limit}");
    }

    private void Exactly(int fields)
    {
        if (_reader.ReadStartArray() is var count && count != fields)
        {
            throw Malformed($"has an entry of {count} fields instead of {fields}");
        }
    }

    private static bool IsFileName(string name) =>
        name.Length is > 0 and <= Manifest.MaxFileNameLength && name is not (ModelPackage.ParamsName or SignatureFile.Name) && char.IsAsciiLetterOrDigit(name[0])
        && name.AsSpan().IndexOfAnyExcept(FileNameCharacters) < 0;

    private SafeModelException Above(string message) => new(SafeModelError.LimitExceeded, _file, $"{message}.");

    private SafeModelException Malformed(string message) => new(SafeModelError.Tampered, _file, $"has a manifest that {message}. Get the package again.");

    private SafeModelException Unsupported(string message) => new(SafeModelError.UnsupportedFormat, _file, message);
}
