using System.Text;

namespace SafeTensor.Tests.Relax;

/// <summary>A plain Relax model of one input and one kernel, which is C, and whose result main returns: for what no compiler makes.</summary>
/// <remarks>Source: TVM 0.27, the serialized form of relax.VMExecutable, and the library blob of tvm-ffi.</remarks>
internal static class OneKernelModel
{
    private const ulong Magic = 0xD225DE2F4214151E;
    private const int PackedFunction = 0, VmFunction = 1, TextConstant = 65;
    private const long Call = 1, Return = 2;

    private const string Prelude = """
        #include <stdlib.h>
        #include <safetensor_tvm_ffi.h>

        static void give_back(DLManagedTensor* tensor) { free(tensor); }

        /* Of at most two dimensions. */
        __attribute__((unused)) static TVMFFIAny tensor(void* data, int device, int code, int bits, int rank, int64_t first, int64_t second) {
          DLManagedTensor* managed = calloc(1, sizeof(DLManagedTensor) + 2 * sizeof(int64_t));
          int64_t* shape = (int64_t*)(managed + 1);
          shape[0] = first;
          shape[1] = second;
          managed->dl_tensor = (DLTensor){data, {device, 0}, rank, {code, bits, 1}, shape, NULL, 0};
          managed->deleter = give_back;
          TVMFFIAny result = {kTVMFFITensor};
          TVMFFITensorFromDLPack(managed, 0, 0, &result.v_ptr);
          return result;
        }

        __attribute__((unused)) static TVMFFIAny tuple(TVMFFIAny* items, int count) {
          TVMFFIByteArray name = {"ffi.Array", 9};
          void* make = NULL;
          TVMFFIAny result = {kTVMFFINone};
          TVMFFIFunctionGetGlobal(&name, &make);
          TVMFFIFunctionCall(make, items, count, &result);
          TVMFFIObjectDecRef(make);
          return result;
        }

        /* Which the runtime fills. */
        int (*__TVMBackendParallelLaunch)(FTVMParallelLambda, void*, int);
        """;

    private const string Kernel = """
        int __tvm_ffi_kernel(void* self, const TVMFFIAny* args, int32_t count, TVMFFIAny* result) {
          const float* x = ((DLTensor*)((TVMFFIObject*)args[0].v_ptr + 1))->data;
        """;

    /// <summary>Makes a folder of it.</summary>
    /// <param name="folder">Which is made.</param>
    /// <param name="annotation">Of the input x, as Relax writes it.</param>
    /// <param name="body">Of the kernel: sets <c>*result</c> from the input's elements <c>x</c>, with <c>tensor()</c> and <c>tuple()</c>, and returns 0.</param>
    /// <param name="functions">For the body to call.</param>
    internal static string Create(string folder, string annotation, string body, string functions = "")
    {
        Directory.CreateDirectory(folder);
        var blob = string.Join(',', Library(Executable(annotation)));
        CCompiler.CompileLibrary(
            $"{Prelude}\n{functions}\n{Kernel}\n{body}\n}}\nconst unsigned char __tvm_ffi__library_bin[] = {{{blob}}};\n",
            Path.Combine(folder, "mod.so"), "-I", Path.Combine(TestData.Repository, "native", "include"));
        return folder;
    }

    private static byte[] Executable(string annotation) => Bytes(
        writer =>
        {
            writer.Write(Magic);
            Write(writer, "0.14");

            // Functions: main with one instruction of each kind, and the kernel.
            writer.Write(2L);
            WriteFunction(writer, VmFunction, "main", end: 2, arguments: 1, registers: 2, "x");
            WriteFunction(writer, PackedFunction, "kernel", end: 0, arguments: -2, registers: 0);
            writer.Write(0L);

            writer.Write(1L);
            writer.Write(TextConstant);
            Write(writer, $"ErrorContext(fn=main, loc=param[0], param=x, annotation={annotation}) ");

            // Where each instruction begins, and their words: register 1 = function 1 of one argument, register 0; return register 1.
            long[] words = [Call, 1, 1, 1, 0, Return, 1];
            Array.ForEach([2, 0, 5, words.LongLength, .. words], writer.Write);
        });

    private static void WriteFunction(BinaryWriter writer, int kind, string name, long end, long arguments, long registers, params string[] names)
    {
        writer.Write(kind);
        Write(writer, name);
        Array.ForEach([0, end, arguments, registers, names.LongLength], writer.Write);
        Array.ForEach(names, text => Write(writer, text));
    }

    // A tree of two modules: the library, and the executable that it imports and that comes first.
    private static byte[] Library(byte[] executable)
    {
        var modules = Bytes(writer =>
        {
            Array.ForEach([3L, 0, 1, 1, 1, 1], writer.Write);
            Write(writer, "relax.VMExecutable");
            writer.Write(executable.LongLength);
            writer.Write(executable);
            Write(writer, "_lib");
        });
        return [.. BitConverter.GetBytes(modules.LongLength), .. modules];
    }

    private static void Write(BinaryWriter writer, string text)
    {
        writer.Write((long)text.Length);
        writer.Write(Encoding.ASCII.GetBytes(text));
    }

    private static byte[] Bytes(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        write(new BinaryWriter(stream));
        return stream.ToArray();
    }
}
