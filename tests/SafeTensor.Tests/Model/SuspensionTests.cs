using System.Security.Cryptography;
using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests;

[TestFixtureSource(typeof(TestModel), nameof(TestModel.Digits))]
public sealed class SuspensionTests(TestModel digits)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SafeModel.KeyLength);
    private TemporaryFolder _folder = null!;
    private float[] _expected = null!;

    [SetUp]
    public void Seal()
    {
        _folder = new TemporaryFolder();
        ModelSealer.Seal(digits.Folder, _folder["sealed"], _key);
        using var plain = digits.LoadPlain();
        _expected = plain.Run(DigitImages.Pixels[3])[0].ToArray<float>();
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_run_resumes_a_suspended_model_and_gives_the_same_bits()
    {
        using var model = Load();
        for (var i = 0; i < 3; i++)
        {
            model.Suspend();
            Assert.That(model.IsSuspended, Is.True);
            Assert.That(Run(model), Is.EqualTo(_expected));
            Assert.That(model.IsSuspended, Is.False);
        }
    }

    [Test]
    public async Task Every_way_to_run_resumes()
    {
        using var model = Load();
        model.Suspend();
        Assert.That((await model.RunAsync(DigitImages.Pixels[3]))[0].ToArray<float>(), Is.EqualTo(_expected));

        model.Suspend();
        var output = new float[DigitImages.Classes];
        model.Run<float, float>(DigitImages.Pixels[3], output);
        Assert.That(output, Is.EqualTo(_expected));

        model.Suspend();
        model.RunBatch<float, float>(DigitImages.Pixels[3], output);
        Assert.That(output, Is.EqualTo(_expected));

        model.Suspend();
        await model.ResumeAsync();
        Assert.That(model.IsSuspended, Is.False);
        await model.ResumeAsync();
        Assert.That(Run(model), Is.EqualTo(_expected));
    }

    [Test]
    public void A_session_goes_on()
    {
        using var model = Load();
        using var session = model.CreateSession();
        DigitImages.Pixels[3].CopyTo(session.Input<float>());
        session.Run();
        session.Output<float>();
        model.Suspend();

        session.Run();

        Assert.That(session.Output<float>().ToArray(), Is.EqualTo(_expected));
        Assert.That(model.IsSuspended, Is.False);
    }

    [Test]
    public void A_session_that_has_not_run_shows_zeros_of_the_outputs_length()
    {
        using var model = Load();
        using var session = model.CreateSession();
        model.Suspend();

        Assert.That(session.Output<float>().ToArray(), Is.EqualTo(new float[DigitImages.Classes]));
    }

    [Test]
    public void Inputs_and_outputs_are_told_also_before_any_run()
    {
        using var model = Load();
        model.Suspend();

        Assert.That(model.Inputs[0].ToString(), Is.EqualTo("image: float32[1,1,8,8]"));
        Assert.That(model.Outputs[0].ToString(), Is.EqualTo("output0: float32[1,10]"));
    }

    [Test]
    public void Suspending_twice_is_suspending_once_and_a_disposed_model_cannot()
    {
        var model = Load();
        model.Suspend();
        model.Suspend();
        model.Dispose();

        Assert.That(model.Suspend, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => Run(model), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await model.ResumeAsync(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Suspending_waits_for_the_batch_under_way()
    {
        const int runs = 5000;
        using var model = Load();
        float[] inputs = [.. Enumerable.Range(0, runs).SelectMany(_ => DigitImages.Pixels[3])];
        var outputs = new float[runs * DigitImages.Classes];
        var batch = Task.Run(() => model.RunBatch<float, float>(inputs, outputs));
        Assert.That(SpinWait.SpinUntil(() => Volatile.Read(ref outputs[0]) != 0 || batch.IsCompleted, Patience), Is.True);

        model.Suspend();

        Assert.That(outputs[^DigitImages.Classes..], Is.EqualTo(_expected));
        Assert.That(() => batch.Wait(Patience), Is.True);
    }

    [Test]
    public void Runs_beside_a_loop_that_suspends_give_the_right_bits()
    {
        const int suspensions = 100;
        using var model = Load();
        using var end = new CancellationTokenSource();
        var runners = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            var output = new float[DigitImages.Classes];
            while (!end.IsCancellationRequested)
            {
                model.Run<float, float>(DigitImages.Pixels[3], output);
                Assert.That(output, Is.EqualTo(_expected));
            }
        })).ToArray();

        for (var i = 0; i < suspensions; i++)
        {
            model.Suspend();
        }

        end.Cancel();
        Assert.That(() => Task.WaitAll(runners, Patience), Is.True);
    }

    [Test]
    public void Disposing_of_a_model_ends_the_resumption_of_its_runs()
    {
        for (var i = 0; i < 20; i++)
        {
            var model = Load();
            model.Suspend();
            var run = Task.Run(() => Run(model));
            model.Dispose();

            Assert.That(() => run.ContinueWith(_ => { }, TaskScheduler.Default).Wait(Patience), Is.True);
            object? result = run.IsCompletedSuccessfully ? run.Result : run.Exception!.InnerException;
            Assert.That(result, Is.EqualTo(_expected).Or.TypeOf<ObjectDisposedException>());
        }
    }

    [Test]
    public void What_was_changed_meanwhile_is_refused_and_the_model_can_be_resumed_when_it_is_back()
    {
        using var model = Load();
        model.Suspend();
        var file = _folder["sealed/mod.params"];
        var whole = File.ReadAllBytes(file);
        Overwrite(file, [.. whole[..^1], (byte)(whole[^1] ^ 1)]);

        Assert.That(() => Run(model), Refused.With(SafeModelError.Tampered, "mod.params"));
        Assert.That(model.IsSuspended, Is.True);

        Overwrite(file, whole);
        Assert.That(Run(model), Is.EqualTo(_expected));
    }

    [Test]
    public void A_package_that_replaces_the_old_one_is_not_looked_at()
    {
        using var model = Load();
        model.Suspend();
        Directory.Move(_folder["sealed"], _folder["old"]);
        ModelSealer.Seal(digits.Folder, _folder["sealed"], RandomNumberGenerator.GetBytes(SafeModel.KeyLength));

        Assert.That(Run(model), Is.EqualTo(_expected));
    }

    [Test]
    public async Task A_cancelled_resumption_leaves_the_model_suspended()
    {
        using var model = Load();
        model.Suspend();

        Assert.That(async () => await model.ResumeAsync(cancellationToken: new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(model.IsSuspended, Is.True);
        long done = 0, total = 0;
        await model.ResumeAsync(new EachProgress(progress => (done, total) = (progress.BytesDone, progress.BytesTotal)));
        Assert.That(done, Is.EqualTo(total).And.Positive);
        Assert.That(model.IsSuspended, Is.False);
    }

    [Test]
    public void With_a_trusted_publisher_the_roots_are_checked_again()
    {
        using var publisher = new Publisher();
        ModelSealer.Sign(_folder["sealed"], publisher.Key);
        var options = digits.Options;
        options.TrustedPublishers = [publisher.Pem];
        using var model = Load(options);

        model.Suspend();

        Assert.That(Run(model), Is.EqualTo(_expected));
    }

    [Test]
    public void Weights_in_secret_memory_come_back()
    {
        var options = digits.Options;
        options.SecretWeights = true;
        SafeModel model;
        try
        {
            model = Load(options);
        }
        catch (SafeModelException refusal) when (refusal.Error == SafeModelError.ProtectionUnavailable)
        {
            Assert.Ignore($"This kernel has no memfd_secret: {refusal.Message}");
            return;
        }

        using (model)
        {
            model.Suspend();
            Assert.That(Run(model), Is.EqualTo(_expected));
            Assert.That(model.Protection.IsInSecretMemory, Is.True);
        }
    }

    [Test]
    public void Models_that_cannot_say_why()
    {
        using var span = SafeModel.Load(_folder["sealed"], _key, digits.Options);
        using var plain = digits.LoadPlain();

        Assert.That(span.Suspend, Throws.InvalidOperationException.With.Message.Contains("ModelKey"));
        Assert.That(plain.Suspend, Throws.InvalidOperationException.With.Message.Contains("not encrypted"));
        Assert.That(async () => await span.ResumeAsync(), Throws.Nothing);
        Assert.That(Run(span), Is.EqualTo(_expected));
    }

    private static float[] Run(SafeModel model) => model.Run(DigitImages.Pixels[3])[0].ToArray<float>();

    // In place: the model has the file open.
    private static void Overwrite(string path, byte[] bytes)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
        RandomAccess.Write(file, bytes, 0);
    }

    private SafeModel Load(SafeModelOptions? options = null)
    {
        // Its owner is done with it; the model is not.
        using var key = ModelKey.FromBytes(_key);
        return SafeModel.Load(_folder["sealed"], key, options ?? digits.Options);
    }

    private sealed class EachProgress(Action<ModelProgress> report) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => report(value);
    }
}
