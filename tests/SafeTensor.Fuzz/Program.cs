using SafeTensor.Fuzz;
using SharpFuzz;

// safetensor-fuzz              names the targets
// safetensor-fuzz NAME         is run by afl-fuzz
// safetensor-fuzz NAME FILE …  repeats findings
if (args.Length == 0)
{
    Console.WriteLine(string.Join('\n', FuzzTarget.All.Select(target => target.Name)));
    return 0;
}

if (FuzzTarget.All.FirstOrDefault(target => target.Name == args[0]) is not { } target)
{
    Console.Error.WriteLine($"There is no target '{args[0]}'.");
    return 1;
}

if (args.Length == 1)
{
    var input = new MemoryStream();
    Fuzzer.Run(stream =>
    {
        input.SetLength(0);
        stream.CopyTo(input);
        target.Run(input.GetBuffer().AsSpan(0, (int)input.Length));
    });
}

foreach (var file in args[1..])
{
    Console.WriteLine(file);
    target.Run(File.ReadAllBytes(file));
}

return 0;
