namespace SafeTensor.Tests;
public sealed class SmokeTests { [NUnit.Framework.Test] public void Works() => NUnit.Framework.Assert.That(1, NUnit.Framework.Is.EqualTo(1)); }
