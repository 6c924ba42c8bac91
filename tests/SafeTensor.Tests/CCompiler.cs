using System.ComponentModel;
using System.Diagnostics;
using NUnit.Framework;

namespace SafeTensor.Tests;

/// <summary>The machine's C compiler. A test that needs it is skipped where there is none.</summary>
internal static class CCompiler
{
    internal static void CompileLibrary(string source, string library, params IReadOnlyList<string> options) => Compile(source, library, ["-shared", "-fPIC", .. options]);

    internal static void CompileProgram(string source, string program, params IReadOnlyList<string> options) => Compile(source, program, options);

    private static void Compile(string source, string output, IReadOnlyList<string> options)
    {
        try
        {
            var start = new ProcessStartInfo("cc", ["-O1", "-Wall", "-Werror", "-o", output, .. options, "-x", "c", "-"]) { RedirectStandardInput = true };
            using var compiler = Process.Start(start)!;
            compiler.StandardInput.Write(source);
            compiler.StandardInput.Close();
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero);
        }
        catch (Win32Exception)
        {
            Assert.Ignore("There is no C compiler 'cc' on this machine, which this test needs.");
        }
    }
}
