using System.Text.Json;
using SafeTensor.Residue;

// SafeTensor.Residue NEEDLES: does what its standard input asks for, and searches its own memory for the needles in that file.
var places = new Places();
places.StartWatching();
var subject = new Subject(Needle.Load(args[0]), places);
while (Console.ReadLine() is { } line)
{
    Console.WriteLine(JsonSerializer.Serialize(subject.Do(JsonSerializer.Deserialize<Request>(line)!)));
}
