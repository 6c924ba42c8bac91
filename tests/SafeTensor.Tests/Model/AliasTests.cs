using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>A graph whose outputs are an input, a weight, and each other: an output is its own memory all the same.</summary>
public sealed class AliasTests
{
    private const int Reshaped = 0, Computed = 1, ComputedAgain = 2, TheInput = 3, TheWeight = 4;

    private SafeModel _model = null!;
    private ModelCase[] _cases = null!;

    [OneTimeSetUp]
    public void Load()
    {
        var alias = TestModel.Shared("alias");
        _model = alias.LoadPlain();
        _cases = [.. alias.Cases];
    }

    [OneTimeTearDown]
    public void Dispose() => _model?.Dispose();

    [Test]
    public void A_weight_that_is_given_out_is_reported() =>
        Assert.That(_model.Protection.Reasons, Has.Some.Contains("'p0'"));

    [Test]
    public void Runs_in_turn_give_each_its_own_outputs()
    {
        for (var i = 0; i < 6; i++)
        {
            var outputs = _model.Run(_cases[i % 2].Inputs());
            AssertExpected(i % 2, index => outputs[index].Bytes.ToArray());
        }
    }

    [Test]
    public void A_session_gives_them_in_turn()
    {
        using var session = _model.CreateSession();
        for (var i = 0; i < 6; i++)
        {
            _cases[i % 2].Inputs()["x"].Bytes.CopyTo(session.InputBytes());
            session.Run();
            AssertExpected(i % 2, index => session.OutputBytes(index).ToArray());
        }
    }

    [Test]
    public void Bound_memory_gets_every_output()
    {
        using var session = _model.CreateSession();
        using var input = new AlignedMemory<float>(24);
        session.BindInput(0, input.Memory);
        var outputs = Enumerable.Range(0, _model.Outputs.Count).Select(_ => new AlignedMemory<float>(24)).ToArray();
        for (var i = 0; i < outputs.Length; i++)
        {
            session.BindOutput(i, outputs[i].Memory);
        }

        for (var i = 0; i < 6; i++)
        {
            foreach (var output in outputs)
            {
                output.Memory.Span.Fill(float.NaN);
            }

            _cases[i % 2].Inputs()["x"].AsSpan<float>().CopyTo(input.Memory.Span);
            session.Run();
            AssertExpected(i % 2, index => System.Runtime.InteropServices.MemoryMarshal.AsBytes(outputs[index].Memory.Span).ToArray());
        }

        Array.ForEach(outputs, output => ((IDisposable)output).Dispose());
    }

    [Test]
    public void Another_input_memory_moves_the_outputs_that_are_it()
    {
        using var session = _model.CreateSession();
        using var first = new AlignedMemory<float>(24);
        using var second = new AlignedMemory<float>(24);
        foreach (var (memory, one) in new[] { (first, 1), (second, 0), (first, 1) })
        {
            first.Memory.Span.Fill(float.NaN);
            second.Memory.Span.Fill(float.NaN);
            session.BindInput(0, memory.Memory);
            _cases[one].Inputs()["x"].AsSpan<float>().CopyTo(memory.Memory.Span);
            session.Run();
            AssertExpected(one, index => session.OutputBytes(index).ToArray());
        }
    }

    [Test]
    public void Writing_to_an_outputs_bound_memory_changes_neither_weight_nor_input()
    {
        using var session = _model.CreateSession();
        using var weight = new AlignedMemory<float>(24);
        using var echo = new AlignedMemory<float>(24);
        session.BindOutput(TheWeight, weight.Memory);
        session.BindOutput(TheInput, echo.Memory);
        var inputs = _cases[0].Inputs()["x"].ToArray<float>();
        inputs.CopyTo(session.Input<float>());
        session.Run();

        weight.Memory.Span.Fill(1e9f);
        echo.Memory.Span.Fill(1e9f);

        Assert.That(session.Input<float>().ToArray(), Is.EqualTo(inputs));
        session.Run();
        AssertExpected(0, index => session.OutputBytes(index).ToArray());
    }

    [Test]
    public void Two_outputs_of_one_value_are_two_memories()
    {
        using var session = _model.CreateSession();
        _cases[0].Inputs()["x"].Bytes.CopyTo(session.InputBytes());
        session.Run();

        Assert.That(session.OutputBytes(Computed).Overlaps(session.OutputBytes(ComputedAgain)), Is.False);
        Assert.That(session.OutputBytes(Reshaped).Overlaps(session.InputBytes()), Is.False);
        Assert.That(session.OutputBytes(TheInput).Overlaps(session.InputBytes()), Is.False);
    }

    private void AssertExpected(int one, Func<int, byte[]> actual)
    {
        foreach (var expected in _cases[one].Outputs())
        {
            expected.AssertEqual(actual(expected.Index), $"alias, case {one}");
        }
    }
}
