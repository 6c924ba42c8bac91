using System.Runtime.InteropServices.Marshalling;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>Calls packed functions, and turns a failure into <see cref="SafeModelError.RuntimeFailed"/> with the runtime's own words. Arguments are borrowed.</summary>
internal static unsafe class TvmCall
{
    /// <summary>A function of the runtime; the caller's.</summary>
    internal static TvmFunctionHandle Global(string name)
    {
        Check(TvmApi.TVMFuncGetGlobal(name, out var function));
        return !function.IsInvalid ? function
            : throw new SafeModelException(
                SafeModelError.RuntimeFailed, $"The TVM runtime has no function {name}. Name a libtvm_runtime.so of TVM 0.14 to 0.19 that was built with the graph executor.");
    }

    /// <summary>A function of a module, or <see langword="null"/>; the caller's.</summary>
    internal static TvmFunctionHandle? FindMember(TvmModuleHandle module, string name)
    {
        Check(TvmApi.TVMModGetFunction(module, name, queryImports: 0, out var function));
        return function.IsInvalid ? null : function;
    }

    /// <summary>A function that the module must have; the caller's.</summary>
    internal static TvmFunctionHandle Member(TvmModuleHandle module, string name) => FindMember(module, name)
        ?? throw new SafeModelException(SafeModelError.RuntimeFailed, $"The TVM runtime's executor has no function {name}. Name a libtvm_runtime.so of TVM 0.14 to 0.19.");

    /// <summary>Calls for the effect.</summary>
    internal static void Invoke(TvmFunctionHandle function, ReadOnlySpan<TVMValue> arguments, ReadOnlySpan<int> codes) =>
        Invoke(function, arguments, codes, out _, out _);

    /// <summary>Calls, and hands over what is returned.</summary>
    internal static void Invoke(TvmFunctionHandle function, ReadOnlySpan<TVMValue> arguments, ReadOnlySpan<int> codes, out TVMValue result, out int code)
    {
        fixed (TVMValue* values = arguments)
        fixed (int* types = codes)
        fixed (TVMValue* returned = &result)
        fixed (int* returnedCode = &code)
        {
            *returned = default;
            *returnedCode = TVMValue.TypeCode.Null;
            Check(TvmApi.TVMFuncCall(function, values, types, arguments.Length, returned, returnedCode));
        }
    }

    /// <summary>Calls a function that returns text, and copies it.</summary>
    internal static string Text(TvmFunctionHandle function, ReadOnlySpan<TVMValue> arguments = default, ReadOnlySpan<int> codes = default)
    {
        Invoke(function, arguments, codes, out var result, out var code);
        return code == TVMValue.TypeCode.Str ? Utf8StringMarshaller.ConvertToManaged(result.v_str) ?? "" : throw Unexpected("text", code);
    }

    internal static SafeModelException Unexpected(string expected, int code) =>
        new(SafeModelError.RuntimeFailed, $"The TVM runtime returned a value of type {code} instead of {expected}.");

    /// <summary>To be called on the thread that made the call, at once: the text is the thread's.</summary>
    internal static void Check(int status)
    {
        if (status != 0)
        {
            throw Failure();
        }
    }

    /// <summary>What the last call on this thread failed with.</summary>
    internal static SafeModelException Failure()
    {
        var text = Utf8StringMarshaller.ConvertToManaged(TvmApi.TVMGetLastError());
        return new SafeModelException(SafeModelError.RuntimeFailed, SafeText.EscapeWords(string.IsNullOrWhiteSpace(text) ? "The TVM runtime failed and gave no reason." : Useful(text)));
    }

    // Apache's text has a backtrace around the one line that says something.
    private static string Useful(string text)
    {
        var line = text.Split('\n')
            .Where(line => line.Length > 0 && !char.IsWhiteSpace(line[0]) && !char.IsAsciiDigit(line[0])
                && !line.StartsWith("Stack trace", StringComparison.Ordinal) && !line.StartsWith("Traceback", StringComparison.Ordinal))
            .LastOrDefault(text);
        return line.Trim();
    }
}
