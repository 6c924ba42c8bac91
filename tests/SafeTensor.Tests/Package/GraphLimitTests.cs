using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>A graph is read before anybody vouches for it, so its lists have limits.</summary>
public sealed class GraphLimitTests
{
    private const int TooMany = 1_000_001;

    [TestCase("nodes", "{\"op\":\"null\",\"name\":\"x\",\"inputs\":[]}")]
    [TestCase("arg_nodes", "0")]
    [TestCase("node_row_ptr", "0")]
    [TestCase("heads", "[0,0]")]
    public void A_list_that_is_too_long_is_refused(string list, string item)
    {
        var json = Encoding.ASCII.GetBytes($"{{\"{list}\":[{string.Join(',', Enumerable.Repeat(item, TooMany))}]}}");

        Assert.That(() => GraphDescription.Read(json, "mod.json"), Refused.With(SafeModelError.ModelInvalid, "mod.json"));
    }
}
