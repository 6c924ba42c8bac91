using SafeTensor.Fuzz;
using SharpFuzz;

// SafeTensor.Fuzz NAME                 is run by afl-fuzz
// SafeTensor.Fuzz NAME FILE …          repeats findings
// SafeTensor.Fuzz instrument DLL …     gives assemblies the counters that afl-fuzz looks at
// SafeTensor.Fuzz clean                deletes what killed processes left
if (args is ["clean"])
{
    FuzzFolder.DeleteLeft();
    return 0;
}

if (args is ["instrument", .. var assemblies])
{
    foreach (var assembly in assemblies)
    {
        Console.WriteLine($"{assembly}: {Fuzzer.Instrument(assembly, _ => true, Options.Value).Count()} types");
    }

    return 0;
}

if (args.Length == 0 || FuzzTarget.All.FirstOrDefault(target => target.Name == args[0]) is not { } target)
{
    Console.Error.WriteLine($"Name a target: {string.Join(", ", FuzzTarget.All.Select(target => target.Name))}.");
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
