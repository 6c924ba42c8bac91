using SafeTensor.Runtime;

namespace SafeTensor.Fuzz.Targets;

/// <summary>A graph's JSON: every input and output that is described has an element type of .NET's and a length that memory can have.</summary>
internal sealed class GraphTarget : FuzzTarget
{
    internal override string Name => "graph";

    protected override SafeModelError[] Errors => [SafeModelError.ModelInvalid, SafeModelError.LimitExceeded];

    protected override void Parse(byte[] input)
    {
        var graph = GraphDescription.Read(input, "mod.json");
        graph.RequireParameters([]);
        foreach (var tensor in graph.InputsWithout([]).Concat(graph.OutputInfos()))
        {
            Promise(tensor.ElementCount is >= 0 and <= int.MaxValue, "tensors that memory can hold");
        }

        Promise(graph.InputsWithout(graph.Arguments.Select(argument => argument.Name)).Count == 0, "no input that is a parameter");
    }
}
