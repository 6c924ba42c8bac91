using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Cli;

/// <summary>The C# code of README.md and docs/getting-started.md, which tests run and compare with those pages.</summary>
internal static class DocumentationSamples
{
    internal static async Task Readme()
    {
        #region README.md
        using var key = ModelKey.CreateFile("digits.key");                  // 32 random bytes that only you can read
        await ModelSealer.SealAsync("samples/digits", "dist/digits", key);  // once, where the model is built

        using var model = SafeModel.Load("dist/digits", key);               // decrypted in memory; nothing readable touches the disk
        string seven = "..####.. ..####.. .....#.. ....##.. ..####.. ....#... ...##... ...#....";
        float[] pixels = [.. seven.Where(c => c != ' ').Select(c => c == '#' ? 1f : 0f)];
        float[] probabilities = model.Run(("image", pixels))[0].ToArray<float>();
        int digit = Array.IndexOf(probabilities, probabilities.Max());
        Console.WriteLine($"It is a {digit}, with probability {probabilities[digit]:F2}.");
        #endregion
    }

    internal static async Task Seal(ModelKey key)
    {
        #region docs/getting-started.md 0
        PackageInfo package = await ModelSealer.SealAsync(
            "build/digits", "dist/digits", key, new SealOptions { ModelId = "digits", ModelVersion = 1 });
        Console.WriteLine($"{package.ModelId} {package.ModelVersion}: {package.EncryptedBytes} bytes are encrypted");
        #endregion
    }

    internal static float[] Load(float[] pixels)
    {
        #region docs/getting-started.md 1
        using var key = ModelKey.FromFile("digits.key");
        using var model = SafeModel.Load("dist/digits", key, new SafeModelOptions { ExpectedModelId = "digits", MinimumVersion = 1 });
        foreach (TensorInfo input in model.Inputs)
        {
            Console.WriteLine(input);                                        // image: float32[1,1,8,8]
        }

        float[] probabilities = model.Run(("image", pixels))[0].ToArray<float>();
        #endregion
        return probabilities;
    }

    internal static float[] Loop(SafeModel model, float[] pixels)
    {
        #region docs/getting-started.md 2
        using ModelSession session = model.CreateSession();
        pixels.CopyTo(session.Input<float>("image"));
        session.Run();
        ReadOnlySpan<float> probabilities = session.Output<float>();
        #endregion
        return probabilities.ToArray();
    }

    internal static void Refuse(ModelKey key)
    {
        #region docs/getting-started.md 3
        try
        {
            using var model = SafeModel.Load("dist/digits", key);
        }
        catch (SafeModelException refusal) when (refusal.Error is SafeModelError.WrongKey or SafeModelError.Tampered)
        {
            Console.Error.WriteLine(refusal.Message);                        // names the file and the place, never a key or a weight
        }
        #endregion
    }

    internal static async Task Suspend(ModelKey key)
    {
        #region docs/getting-started.md 4
        using var model = SafeModel.Load("dist/digits", key, new SafeModelOptions { IdleTimeout = TimeSpan.FromMinutes(10) });
        model.Suspend();                                                     // or by itself, after ten minutes without a run
        Console.WriteLine(model.IsSuspended);                                // True: the weights are wiped, and their memory is given back
        await model.ResumeAsync();                                           // or by itself, at the next run
        #endregion
        Console.WriteLine(model.IsSuspended);
    }

    internal static ulong LoadSigned(ModelKey key)
    {
        #region docs/getting-started.md 5
        using var model = SafeModel.Load("dist/digits", key, new SafeModelOptions
        {
            TrustedPublishers = [File.ReadAllText("publisher.pem")],
            ExpectedModelId = "digits",
            VersionFile = "model.versions",
        });
        #endregion
        return model.Package!.ModelVersion;
    }
}
