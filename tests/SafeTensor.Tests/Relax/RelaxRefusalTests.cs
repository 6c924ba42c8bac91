using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Relax;

/// <summary>What does not fit is said before it runs, or in TVM's own words.</summary>
public sealed class RelaxRefusalTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();

        // Skips the test where there is no such model.
        _ = TestModel.RelaxDigits.Folder;
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCase("Relax")]
    [TestCase("pip install apache-tvm")]
    [TestCase("RuntimeLibrary")]
    public void Without_a_library_it_says_what_to_install_and_what_to_name(string words) =>
        Assert.That(() => SafeModel.LoadPlain(TestModel.RelaxDigits.Folder), Refused.With(SafeModelError.RuntimeFailed, words));

    [Test]
    public void A_library_of_the_other_kind_is_said_to_be_and_not_loaded()
    {
        var embedded = Path.Combine(AppContext.BaseDirectory, "libsafetensor_tvm.so");
        embedded = File.Exists(embedded) ? embedded : Directory.GetFiles(AppContext.BaseDirectory, "libsafetensor_tvm.so", SearchOption.AllDirectories).First();
        var copy = _folder["libtvm_runtime.so"];
        File.Copy(embedded, copy);

        Assert.That(
            () => SafeModel.LoadPlain(TestModel.RelaxDigits.Folder, new SafeModelOptions { RuntimeLibrary = copy }),
            Refused.With(SafeModelError.RuntimeFailed, "no runtime for it"));
        Assert.That(File.ReadAllText("/proc/self/maps"), Does.Not.Contain(copy));
        Assert.That(
            () => SafeModel.LoadPlain(TestModel.RelaxDigits.Folder, new SafeModelOptions { RuntimeLibrary = "/no/such/libtvm_runtime.so" }),
            Throws.TypeOf<FileNotFoundException>().With.Message.Contains("/no/such/libtvm_runtime.so"));
    }

    [Test]
    public void A_graph_executor_model_on_the_other_kind_of_library_is_said_to_be()
    {
        foreach (var words in new[] { "This is a graph-executor model", "for Relax models", "or none" })
        {
            Assert.That(() => SafeModel.LoadPlain(TestData.Digits, TestRuntime.RelaxOptions), Refused.With(SafeModelError.RuntimeFailed, words));
        }
    }

    [Test]
    public void A_graph_beside_relax_code_is_refused()
    {
        var copy = _folder.CopyOf(TestModel.RelaxDigits.Folder);
        File.Copy(Path.Combine(TestData.Digits, "mod.json"), Path.Combine(copy, "mod.json"));

        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.RelaxOptions), Refused.With(SafeModelError.ModelInvalid, "mod.json"));
    }

    [Test]
    public void Without_any_parameters_a_model_takes_them_for_inputs_and_a_run_names_what_is_missing()
    {
        var copy = _folder.CopyOf(TestModel.RelaxDigits.Folder);
        File.Delete(Path.Combine(copy, "mod.params"));

        using var model = SafeModel.LoadPlain(copy, TestRuntime.RelaxOptions);

        Assert.That(model.Inputs.Select(input => input.IsKnown), Is.EqualTo(new[] { true, false, false, false, false, false, false }));
        Assert.That(() => model.Run(("image", new float[64])), Throws.ArgumentException.With.Message.Contains("conv1_w").And.Message.Contains("mod.params"));
    }

    [Test]
    public void LoadParams_is_not_for_relax_models()
    {
        var options = TestRuntime.RelaxOptions;
        options.LoadPath = LoadPath.LoadParams;

        Assert.That(() => SafeModel.LoadPlain(TestModel.RelaxDigits.Folder, options), Throws.ArgumentException.With.Message.Contains("LoadParams"));
    }

    [TestCase(10)]
    [TestCase(50)]
    [TestCase(90)]
    public void Code_that_is_cut_off_never_reaches_the_loader(int percent)
    {
        var copy = _folder.CopyOf(TestModel.RelaxDigits.Folder);
        using (var file = File.OpenWrite(Path.Combine(copy, "mod.so")))
        {
            file.SetLength(file.Length * percent / 100);
        }

        // At 90 % only debug information is missing.
        var refusal = percent < 90 ? Refused.With(SafeModelError.ModelInvalid, "mod.so") : Throws.Nothing;
        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.RelaxOptions).Dispose(), refusal);
    }

    [Test]
    public void Bytecode_that_is_damaged_is_refused_in_TVMs_words()
    {
        var copy = _folder.CopyOf(TestModel.RelaxDigits.Folder);
        var path = Path.Combine(copy, "mod.so");
        var code = File.ReadAllBytes(path);
        var magic = BitConverter.GetBytes(0xD225DE2F4214151EUL);
        var at = code.AsSpan().IndexOf(magic);
        Assert.That(at, Is.Positive);
        code[at] ^= 1;
        File.WriteAllBytes(path, code);

        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.RelaxOptions), Refused.With(SafeModelError.ModelInvalid, "Invalid VM file format"));
    }

    [TestCase("conv1_b", 2, "[1,8,1,1]")]
    [TestCase("conv2_b", 2, "[1,16,1,1]")]
    [TestCase("conv2_b", 0, "[1,16,1,1]")]
    public void A_parameter_that_is_reshaped_before_any_kernel_checks_it_is_refused_where_it_has_another_length(string name, int times, string shape)
    {
        var copy = _folder.CopyOf(TestModel.RelaxDigits.Folder);
        Change(copy, name, (info, data) => (
            info with { Shape = [times * info.Shape[0]], ByteLength = times * info.ByteLength }, [.. Enumerable.Repeat(data, times).SelectMany(bytes => bytes)]));

        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.RelaxOptions), Refused.With(SafeModelError.ModelInvalid, shape));
    }

    [Test]
    public void Code_of_another_version_than_the_runtimes_is_said_to_be()
    {
        byte[] header = [.. BitConverter.GetBytes(0xD225DE2F4214151EUL), .. BitConverter.GetBytes(4L)];
        var copy = RelaxCode.With(_folder, TestModel.RelaxDigits, [.. header, .. "0.14"u8], [.. header, .. "0.13"u8]);

        Assert.That(() => SafeModel.LoadPlain(copy, TestRuntime.RelaxOptions), Refused.With(SafeModelError.ModelInvalid, "same version of TVM"));
    }

    [Test]
    public void A_function_that_is_nowhere_is_named_and_not_called()
    {
        // Looked up when it is first called, it would end the process.
        var model = OneKernelModel.Create(_folder["model"], "R.Tensor((2,), dtype=\"float32\")", "int nowhere_to_be_found(const float*); *result = tuple(NULL, 0); return nowhere_to_be_found(x);");

        Assert.That(() => SafeModel.LoadPlain(model, TestRuntime.RelaxOptions), Refused.With(SafeModelError.ModelInvalid, "nowhere_to_be_found"));
    }

    /// <summary>TVM looks at parameters only in kernels.</summary>
    [TestCase("Invalid fc_b.shape[0]")]
    [TestCase("dtype")]
    public void A_weight_of_another_shape_or_type_fails_in_its_kernel_as_an_exception(string words)
    {
        var copy = _folder.CopyOf(TestModel.RelaxDigits.Folder);
        Change(copy, "fc_b", (info, data) => words == "dtype"
            ? (info with { Type = new DataType(Code: 0, Bits: 32, Lanes: 1) }, data)
            : (info with { Shape = [9], ByteLength = 36 }, data[..36]));
        using var model = SafeModel.LoadPlain(copy, TestRuntime.RelaxOptions);

        Assert.That(() => model.Run(new float[64]), Refused.With(SafeModelError.RuntimeFailed, words));
        Assert.That(() => model.Run(new float[64]), Refused.With(SafeModelError.RuntimeFailed, words), "the machine goes on");
    }

    private static void Change(string folder, string name, Func<ParameterInfo, byte[], (ParameterInfo, byte[])> change) => PlainParams.Rewrite(
        Path.Combine(folder, "mod.params"), tensors => tensors.Select(tensor => tensor.Info.Name == name ? change(tensor.Info, tensor.Data) : tensor));
}
