using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>A library that carries its graph and its parameters (TVM's GraphExecutorFactory), asked for what it carries.</summary>
internal static unsafe class FactoryLibrary
{
    /// <summary>The function that makes an executor: TVM calls every model that.</summary>
    internal const string Create = "default";

    /// <param name="library">The library.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="FileNotFoundException">The library is no factory, so its graph should have been beside it.</exception>
    internal static GraphDescription Describe(TvmModuleHandle library, string file)
    {
        using var get = TvmCall.FindMember(library, "get_graph_json")
            ?? throw new FileNotFoundException(
                $"There is no graph '{ModelPackage.GraphName}', and the code, {file}, is no factory library that holds one. Put the graph that TVM wrote beside the code.", ModelPackage.GraphName);
        TvmCall.Invoke(get, [], [], out var result, out var code);
        return code == TVMValue.TypeCode.Str
            ? GraphDescription.Read(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(result.v_str), file)
            : throw TvmCall.Unexpected("text", code);
    }

    /// <summary>The names of the parameters that are inside.</summary>
    internal static List<string> Parameters(TvmModuleHandle library)
    {
        var names = new List<string>();
        using var get = TvmCall.Member(library, "get_graph_params");
        using var items = TvmCall.Global("runtime.MapItems");
        using var size = TvmCall.Global("runtime.ArraySize");
        using var item = TvmCall.Global("runtime.ArrayGetItem");
        using var text = TvmCall.Global("runtime.GetFFIString");
        using var map = Object(get, [], []);
        using var array = Object(items, [map.Value], [TVMValue.TypeCode.Object]);
        TvmCall.Invoke(size, [array.Value], [TVMValue.TypeCode.Object], out var count, out _);

        // Keys and values by turns.
        for (long i = 0; i < count.v_int64; i += 2)
        {
            using var name = Object(item, [array.Value, new TVMValue { v_int64 = i }], [TVMValue.TypeCode.Object, TVMValue.TypeCode.Int]);
            names.Add(TvmCall.Text(text, [name.Value], [TVMValue.TypeCode.Object]));
        }

        return names;
    }

    private static TvmObject Object(TvmFunctionHandle function, ReadOnlySpan<TVMValue> arguments, ReadOnlySpan<int> codes)
    {
        TvmCall.Invoke(function, arguments, codes, out var result, out var code);
        return code == TVMValue.TypeCode.Object ? new TvmObject(result) : throw TvmCall.Unexpected("an object", code);
    }

    /// <summary>One reference to an object of the runtime's.</summary>
    private readonly ref struct TvmObject(TVMValue value)
    {
        internal TVMValue Value => value;

        public void Dispose() => _ = TvmApi.TVMObjectFree((nint)value.v_handle);
    }
}
