using NUnit.Framework;
using NUnit.Framework.Constraints;
using SafeTensor.Runtime;

namespace SafeTensor.Tests;

/// <summary>The constraint that most tests of refusals end with.</summary>
internal static class Refused
{
    internal static IResolveConstraint With(SafeModelError error, string text = "") =>
        Throws.TypeOf<SafeModelException>().With.Property(nameof(SafeModelException.Error)).EqualTo(error).And.Message.Contains(text);
}
