using System.Text;
using System.Text.RegularExpressions;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>Calls tvm-ffi's functions, and turns a failure into <see cref="SafeModelError.RuntimeFailed"/> with TVM's kind and message. Arguments are borrowed.</summary>
internal static unsafe partial class FfiCall
{
    private const int SmallTextLength = 7;

    /// <summary>A function of the runtime; the caller's.</summary>
    internal static FfiHandle Global(ReadOnlySpan<byte> name) => Find(name) ?? throw new SafeModelException(
        SafeModelError.RuntimeFailed, $"The TVM runtime has no function {Encoding.UTF8.GetString(name)}. Name the libtvm_runtime.so of apache-tvm 0.25 or newer.");

    /// <summary>A function that the runtime need not have; the caller's.</summary>
    internal static FfiHandle? Find(ReadOnlySpan<byte> name)
    {
        fixed (byte* text = name)
        {
            var array = new TVMFFIByteArray { data = text, size = (nuint)name.Length };
            Check(FfiApi.TVMFFIFunctionGetGlobal(&array, out var function));
            return function.IsInvalid ? null : function;
        }
    }

    /// <summary>A function of a module, which it must have; the caller's.</summary>
    internal static FfiHandle Member(FfiHandle module, ReadOnlySpan<byte> name)
    {
        using var get = Global("ffi.ModuleGetFunction"u8);
        fixed (byte* text = Terminated(name))
        {
            Invoke(get, [Object(module, TVMFFIAny.TypeIndex.Module), Text(text), new TVMFFIAny { type_index = TVMFFIAny.TypeIndex.Bool }], out var result);
            return result.type_index == TVMFFIAny.TypeIndex.Function ? new FfiHandle(result.v_ptr)
                : throw new SafeModelException(SafeModelError.RuntimeFailed, $"The TVM runtime's module has no function {Encoding.UTF8.GetString(name)}.");
        }
    }

    internal static TVMFFIAny Int(long value) => new() { type_index = TVMFFIAny.TypeIndex.Int, v_int64 = value };

    /// <summary>UTF-8 that ends with a zero, pinned by the caller during the call.</summary>
    internal static TVMFFIAny Text(byte* text) => new() { type_index = TVMFFIAny.TypeIndex.RawStr, v_ptr = text };

    /// <summary>An object, which the caller keeps alive during the call.</summary>
    internal static TVMFFIAny Object(FfiHandle handle, int type) => new() { type_index = type, v_ptr = handle.Value };

    internal static byte[] Terminated(ReadOnlySpan<byte> text) => [.. text, 0];

    internal static void Invoke(FfiHandle function, ReadOnlySpan<TVMFFIAny> arguments) => Release(Call(function, arguments));

    /// <summary>Calls, and hands over what is returned.</summary>
    internal static void Invoke(FfiHandle function, ReadOnlySpan<TVMFFIAny> arguments, out TVMFFIAny result) => result = Call(function, arguments);

    /// <summary>Calls a function that returns text, and copies it.</summary>
    internal static string TextOf(FfiHandle function, ReadOnlySpan<TVMFFIAny> arguments = default)
    {
        var result = Call(function, arguments);
        try
        {
            return result.type_index switch
            {
                TVMFFIAny.TypeIndex.SmallStr => Encoding.UTF8.GetString((byte*)&result.v_int64, (int)Math.Min(result.small_str_len, SmallTextLength)),
                TVMFFIAny.TypeIndex.Str => Spell(*(TVMFFIByteArray*)((TVMFFIObject*)result.v_ptr + 1)),
                _ => throw Unexpected("text", result.type_index),
            };
        }
        finally
        {
            Release(result);
        }
    }

    /// <summary>Calls a function that returns a module; the caller's.</summary>
    internal static FfiHandle ModuleOf(FfiHandle function, ReadOnlySpan<TVMFFIAny> arguments = default)
    {
        var result = Call(function, arguments);
        if (result.type_index == TVMFFIAny.TypeIndex.Module)
        {
            return new FfiHandle(result.v_ptr);
        }

        Release(result);
        throw Unexpected("a module", result.type_index);
    }

    /// <summary>Gives back what was returned.</summary>
    internal static void Release(in TVMFFIAny value)
    {
        if (value.type_index >= TVMFFIAny.TypeIndex.FirstObject)
        {
            _ = FfiApi.TVMFFIObjectDecRef((nint)value.v_ptr);
        }
    }

    /// <summary>To be called on the thread that made the call, at once: the error is the thread's.</summary>
    internal static void Check(int status)
    {
        if (status != 0)
        {
            throw Failure();
        }
    }

    internal static SafeModelException Unexpected(string expected, int type) =>
        new(SafeModelError.RuntimeFailed, $"The TVM runtime returned a value of type {type} instead of {expected}.");

    private static TVMFFIAny Call(FfiHandle function, ReadOnlySpan<TVMFFIAny> arguments)
    {
        TVMFFIAny result = default;
        fixed (TVMFFIAny* values = arguments)
        {
            Check(FfiApi.TVMFFIFunctionCall(function, values, arguments.Length, &result));
        }

        return result;
    }

    // Kind and message, as TVM's own Python shows them; the backtrace has the paths of whoever built it.
    private static SafeModelException Failure()
    {
        FfiApi.TVMFFIErrorMoveFromRaised(out var error);
        using (error)
        {
            if (error.IsInvalid)
            {
                return new SafeModelException(SafeModelError.RuntimeFailed, "The TVM runtime failed and gave no reason.");
            }

            var cell = (TVMFFIErrorCell*)error.Cell;
            return new SafeModelException(SafeModelError.RuntimeFailed, SafeText.EscapeWords($"{Spell(cell->kind)}: {Lines().Replace(Spell(cell->message).Trim(), " ")}{Hint(Spell(cell->message))}"));
        }
    }

    // What TVM's own words do not tell.
    private static string Hint(string message) =>
        message.Contains("tvm.contrib.", StringComparison.Ordinal) ? " Put libtvm_runtime_extra.so beside libtvm_runtime.so, for models that sort or draw random numbers."
        : message.Contains("VM file format", StringComparison.Ordinal) || message.Contains("version ==", StringComparison.Ordinal) ? " The model must be compiled by the same version of TVM that runs it."
        : "";

    [GeneratedRegex(@"\s*\n\s*", RegexOptions.CultureInvariant)]
    private static partial Regex Lines();

    private static string Spell(in TVMFFIByteArray text) => Encoding.UTF8.GetString(text.data, (int)Math.Min(text.size, int.MaxValue));
}
