using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Writes the plain files of a model without kernels: its one output is its input. Weights are random, and go into files alone.</summary>
internal static class SmallModel
{
    // The system's loader reads the begin of a library to its stack, where it stays.
    private const int LoadersBuffer = 832;

    // Of weights in memory at a time, in bytes.
    private const int Piece = 1 << 20;

    /// <param name="spec">What to write.</param>
    /// <param name="folder">Gets <c>mod.params</c>, and where the model has them <c>mod.so</c> and <c>mod.json</c>.</param>
    /// <param name="mark">The file that the code's constructor appends to.</param>
    /// <param name="secrets">Gets all that will be encrypted of weights and of the code's constants, one after the other.</param>
    /// <param name="version">Of the model: the graphs of two versions differ.</param>
    internal static void Write(ModelSpec spec, string folder, string mark, string secrets, ulong version)
    {
        Directory.CreateDirectory(folder);
        using var secret = File.OpenHandle(secrets, FileMode.CreateNew, FileAccess.Write);
        WriteParams(spec, Path.Combine(folder, "mod.params"), secret);
        if (spec.HasCode)
        {
            WriteCode(spec, Path.Combine(folder, "mod.so"), mark, secret);
        }

        if (spec.HasGraph)
        {
            File.WriteAllText(Path.Combine(folder, "mod.json"), Graph(spec) + new string(' ', spec.Padding + (int)version));
        }
    }

    private static void WriteParams(ModelSpec spec, string path, SafeFileHandle secret)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        var list = new MemoryStream();
        var buffer = new byte[ParamsFormat.RecordLength(ParamsFormat.MaxRank)];
        ParamsFormat.WritePreamble(buffer, (ulong)spec.Tensors.Length);
        list.Write(buffer.AsSpan(0, ParamsFormat.PreambleLength));
        foreach (var (name, _, _) in spec.Tensors)
        {
            list.Write(BitConverter.GetBytes((ulong)name.Length));
            list.Write(Encoding.ASCII.GetBytes(name));
        }

        list.Write(BitConverter.GetBytes((ulong)spec.Tensors.Length));
        Append(file, list.ToArray());
        foreach (var (name, type, shape) in spec.Tensors)
        {
            var length = type.ByteLengthOf(shape);
            ParamsFormat.WriteRecord(buffer, type, shape, length);
            Append(file, buffer.AsSpan(0, ParamsFormat.RecordLength(shape.Length)));
            AppendWeights((int)length, file, spec.ClearTensors.Contains(name) ? null : secret);
        }
    }

    private static void WriteCode(ModelSpec spec, string path, string mark, SafeFileHandle secret)
    {
        var constants = Weights(spec.Constants);
        var code = MarkingLibrary.Build(mark, constants);
        File.WriteAllBytes(path, code);
        Append(secret, spec.ClearCode || constants.Length <= LoadersBuffer ? [] : constants.AsSpan(LoadersBuffer));
        Array.Clear(constants);
        Array.Clear(code);
    }

    private static void AppendWeights(int length, SafeFileHandle file, SafeFileHandle? secret)
    {
        for (var left = length; left > 0; left -= Piece)
        {
            var weights = Weights(Math.Min(left, Piece));
            Append(file, weights);
            Append(secret ?? file, secret is null ? [] : weights);
            Array.Clear(weights);
        }
    }

    // Pinned, so that the collector leaves no copy where it was.
    private static byte[] Weights(int length)
    {
        var weights = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        RandomNumberGenerator.Fill(weights);
        return weights;
    }

    private static void Append(SafeFileHandle file, ReadOnlySpan<byte> bytes) => RandomAccess.Write(file, bytes, RandomAccess.GetLength(file));

    private static string Graph(ModelSpec spec)
    {
        (string Name, DataType Type, long[] Shape)[] arguments = [("x", new DataType(2, 32, 1), [2]), .. spec.Tensors];
        var places = Enumerable.Range(0, arguments.Length).ToArray();
        var nodes = arguments.Select(argument => $$"""{"op":"null","name":"{{argument.Name}}","inputs":[]}""");
        var shapes = arguments.Select(argument => $"[{string.Join(',', argument.Shape)}]");
        return $$$"""
            {"nodes":[{{{string.Join(',', nodes)}}}],"arg_nodes":[{{{string.Join(',', places)}}}],"heads":[[0,0,0]],
            "node_row_ptr":[{{{string.Join(',', places)}}},{{{arguments.Length}}}],
            "attrs":{"dltype":["list_str",[{{{string.Join(',', arguments.Select(argument => $"\"{argument.Type}\""))}}}]],
            "shape":["list_shape",[{{{string.Join(',', shapes)}}}]],"storage_id":["list_int",[{{{string.Join(',', places)}}}]]}}
            """;
    }
}
