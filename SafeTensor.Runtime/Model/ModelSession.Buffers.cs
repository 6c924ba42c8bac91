using System.Runtime.InteropServices;

namespace SafeTensor.Runtime;

public sealed partial class ModelSession
{
    /// <summary>Of this session: with the shapes of its last run.</summary>
    /// <exception cref="InvalidOperationException">Each run decides their shapes, and there was none.</exception>
    internal TensorInfo[] OutputInfos
    {
        get
        {
            ObjectDisposedException.ThrowIf(_state == Disposed || _gate is { IsClosed: true }, this);
            if (_outputInfos is null)
            {
                if (Model.Outputs.Any(output => output.IsDynamic))
                {
                    throw new InvalidOperationException($"Each run decides the shapes of the outputs ({TensorInfo.List(Model.Outputs)}): run the session first.");
                }

                UseOutputs(Model.Outputs);
            }

            return _outputInfos!;
        }
    }

    /// <summary>For a type and a shape that the model takes.</summary>
    internal unsafe void Reshape(int index, ElementType type, ReadOnlySpan<long> shape)
    {
        if (_inputInfos[index].ElementType != type || !_inputInfos[index].Shape.AsSpan().SequenceEqual(shape))
        {
            var info = Model.Inputs[index].As(type, [.. shape]);
            Replace(index, new SessionBuffer.Owned(info.ByteLength), info, input: true);
        }
    }

    private void UseOutputs(IReadOnlyList<TensorInfo> infos)
    {
        _outputs = [.. infos.Select(output => new SessionBuffer.Owned(output.ByteLength))];
        _outputInfos = [.. infos];
    }

    private unsafe void TakeOutputs()
    {
        SessionBuffer[] replaced = [];
        if (_outputInfos is null || _outputInfos.Length != _executor.OutputCount)
        {
            var given = _executor.DescribeOutputs();
            Model.Learn(given);
            replaced = _outputs;
            UseOutputs(given);
        }

        for (var i = 0; i < _outputs.Length; i++)
        {
            var data = _executor.Output(i, out var type, out var shape);
            Model.NoteIfWeight(i, data);
            if (_outputInfos![i].ElementType != type || !_outputInfos[i].Shape.AsSpan().SequenceEqual(shape))
            {
                replaced = [.. replaced, _outputs[i]];
                _outputInfos[i] = _outputInfos[i].As(type, [.. shape]).Checked(ModelPackage.CodeName, mayBeOpen: false);
                _outputs[i] = new SessionBuffer.Owned(_outputInfos[i].ByteLength);
            }

            var bytes = _outputs[i].Bytes;
            new ReadOnlySpan<byte>(data, bytes.Length).CopyTo(bytes);
        }

        Drop(replaced);
    }

    // Once all outputs are there: spans of the old ones show zeros.
    private void Drop(SessionBuffer[] replaced)
    {
        foreach (var buffer in replaced)
        {
            buffer.Dispose();
        }

        if (replaced.Any(buffer => buffer is not SessionBuffer.Owned))
        {
            throw new InvalidOperationException(
                $"The run gave {TensorInfo.List(_outputInfos!)}, and memory was bound for other outputs. It is bound no more: bind memory for these, or read the session's own.");
        }
    }

    private Span<T> Elements<T>(int index, bool input)
        where T : unmanaged
    {
        var buffer = Buffer(index, input);
        var info = (input ? _inputInfos : OutputInfos)[index];
        return info.ElementType.IsHeldBy<T>()
            ? MemoryMarshal.Cast<byte, T>(buffer.Bytes)
            : throw new ArgumentException($"'{SafeText.Escape(info.Name)}' is {info.ElementType.Spell()}; {typeof(T).Name} was asked for.");
    }

    private SessionBuffer Buffer(int index, bool input)
    {
        ObjectDisposedException.ThrowIf(_state == Disposed || _gate is { IsClosed: true }, this);
        var count = (input ? _inputInfos : OutputInfos).Length;
        return (uint)index < (uint)count
            ? (input ? _inputs : _outputs)[index]
            : throw new ArgumentOutOfRangeException(nameof(index), index, $"The model has {count} {(input ? "input" : "output")}s.");
    }

    private unsafe void Bind<T>(int index, Memory<T> memory, bool input)
        where T : unmanaged
    {
        Buffer(index, input);
        var info = (input ? _inputInfos : OutputInfos)[index];
        if (!info.ElementType.IsHeldBy<T>() || memory.Length != info.ElementCount)
        {
            throw new ArgumentException($"{info} cannot be bound to {memory.Length} elements of {typeof(T).Name}.", nameof(memory));
        }

        Replace(index, new SessionBuffer.Bound<T>(memory), info, input);
    }

    private unsafe void Bind(int index, void* address, nuint byteLength, bool input)
    {
        Buffer(index, input);
        var info = (input ? _inputInfos : OutputInfos)[index];
        if (address == null || byteLength != (nuint)info.ByteLength)
        {
            throw new ArgumentException($"{info} has {info.ByteLength} bytes; {byteLength} at {(nint)address:x} were given.", nameof(byteLength));
        }

        Replace(index, new SessionBuffer.Promised(address, info.ByteLength), info, input);
    }

    private unsafe void Replace(int index, SessionBuffer buffer, TensorInfo info, bool input)
    {
        if (!SessionBuffer.IsAligned(buffer.Address))
        {
            var address = (nint)buffer.Address;
            buffer.Dispose();
            throw new ArgumentException($"The memory for {info} begins at {address:x}, which is not a multiple of {Alignment} bytes.");
        }

        try
        {
            Begin();
            try
            {
                var buffers = input ? _inputs : _outputs;
                if (input)
                {
                    _executor.BindInput(index, buffer.Address, info);
                    _inputInfos[index] = info;
                }
                else if (!_executor.GivesOutputs)
                {
                    _executor.BindOutput(index, buffer.Address);
                }

                (buffer, buffers[index]) = (buffers[index], buffer);
            }
            finally
            {
                End();
            }
        }
        finally
        {
            // The old one, or the new one where it could not take its place.
            buffer.Dispose();
        }
    }

    private static Span<nint> Lengths(TensorInfo info, Span<nint> lengths)
    {
        lengths[0] = 1;
        for (var i = 0; i < info.Shape.Length; i++)
        {
            lengths[i] = (nint)info.Shape[i];
        }

        return lengths;
    }
}
