using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>Small compiled models, each of which always gives one number, made of its code's and its weights': whoever took either from another would give another number.</summary>
internal static class AnsweringModel
{
    private const string Kernel =
        """
        #include "safetensor_tvm.h"

        /* Far into the file. */
        static const volatile float table[4096] = { [4000] = NUMBER };

        int answer(TVMValue* args, int* codes, int count, TVMValue* ret, int* code, void* resource) {
          (void)codes, (void)ret, (void)code, (void)resource;
          const DLTensor* weights = args[1].v_handle;
          DLTensor* out = args[count - 1].v_handle;
          *(float*)out->data = 1000 * table[4000] + *(unsigned char*)weights->data;
          return 0;
        }
        """;

    private const string Graph =
        """
        {
          "nodes": [
            {"op": "null", "name": "x", "inputs": []},
            {"op": "null", "name": "p0", "inputs": []},
            {"op": "tvm_op", "name": "answer NUMBER", "inputs": [[0, 0, 0], [1, 0, 0]],
             "attrs": {"func_name": "answer", "num_inputs": "2", "num_outputs": "1", "flatten_data": "0"}}
          ],
          "arg_nodes": [0, 1], "heads": [[2, 0, 0]], "node_row_ptr": [0, 1, 2, 3],
          "attrs": {
            "dltype": ["list_str", ["float32", "uint8", "float32"]], "storage_id": ["list_int", [0, 1, 2]],
            "device_index": ["list_int", [1, 1, 1]], "shape": ["list_shape", [[1], [LENGTH], [1]]]
          }
        }
        """;

    /// <summary>Makes the plain model.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="number">Of its code and of its weights, 1 to 255.</param>
    /// <param name="weightBytes">Of which all but the first are zeros.</param>
    internal static void Create(string folder, byte number, long weightBytes = 16)
    {
        var offset = PlainParams.Create(folder, count: 1, weightBytes)[0];
        using (var file = File.OpenHandle(Path.Combine(folder, "mod.params"), FileMode.Open, FileAccess.Write))
        {
            RandomAccess.Write(file, [number], offset);
        }

        File.WriteAllText(Path.Combine(folder, "mod.json"), Graph.Replace("NUMBER", $"{number}", StringComparison.Ordinal).Replace("LENGTH", $"{weightBytes}", StringComparison.Ordinal));
        CCompiler.CompileLibrary(Kernel, Path.Combine(folder, "mod.so"), $"-DNUMBER={number}", "-I", Path.Combine(TestData.Repository, "native", "include"));
    }

    /// <summary>The number that the whole model was made with. Of another model's code or weights it makes none that any model has.</summary>
    internal static float Ask(SafeModel model) => NumberOf(model.Run(new float[1])[0].ToArray<float>()[0]);

    /// <summary>The same from a session's output.</summary>
    internal static float Ask(ModelSession session)
    {
        session.Run();
        return NumberOf(session.Output<float>()[0]);
    }

    private static float NumberOf(float output) => output / 1001;
}
