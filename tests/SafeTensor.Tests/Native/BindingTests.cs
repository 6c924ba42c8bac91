using System.ComponentModel;
using System.Diagnostics;
using NUnit.Framework;
using SafeTensor.Native;

namespace SafeTensor.Tests;

/// <summary>The bindings are written by hand, so the C compiler is asked whether they are the C headers' declarations.</summary>
public sealed class BindingTests
{
    [Test]
    public void Every_function_struct_and_constant_is_what_the_C_headers_declare()
    {
        var comparison = HeaderComparison.Of(typeof(TvmApi).Assembly);

        var errors = Compile(comparison.ToString());

        Assert.That(errors, Is.Empty, comparison.ToString());
        Assert.That(comparison.Functions, Is.GreaterThan(25));
        Assert.That(comparison.Fields, Is.GreaterThan(20));
        Assert.That(comparison.Constants, Is.GreaterThan(40));
    }

    [TestCase("TVMFuncCall), int(void*, TVMValue*, int*, int,", "TVMFuncCall), int(void*, TVMValue*, int*, int64_t,")]
    [TestCase("offsetof(DLTensor, shape) == 24", "offsetof(DLTensor, shape) == 32")]
    [TestCase("kTVMNDArrayHandle == 13", "kTVMNDArrayHandle == 7")]
    public void A_declaration_that_differs_does_not_compile(string declared, string changed)
    {
        var source = HeaderComparison.Of(typeof(TvmApi).Assembly).ToString();
        Assert.That(source, Does.Contain(declared));

        Assert.That(Compile(source.Replace(declared, changed, StringComparison.Ordinal)), Does.Contain("static assertion failed"));
    }

    private static string Compile(string source)
    {
        var start = new ProcessStartInfo("cc", ["-std=gnu11", "-fsyntax-only", "-Wall", "-Werror", "-I", Path.Combine(TestData.Repository, "native", "include"), "-x", "c", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        try
        {
            using var compiler = Process.Start(start)!;
            compiler.StandardInput.Write(source);
            compiler.StandardInput.Close();
            var errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? "" : errors;
        }
        catch (Win32Exception)
        {
            Assert.Ignore("There is no C compiler 'cc' on this machine to compare the headers with.");
            throw;
        }
    }
}
