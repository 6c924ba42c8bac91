using NUnit.Framework;
using SafeTensor.Runtime;
using SafeTensor.Runtime.Sealing;

namespace SafeTensor.Tests.Versions;

/// <summary>The model that a program expects is the one whose id has the same characters, and its version is a number.</summary>
public sealed class IdentityTests
{
    /// <summary>Each is another model than each of the others, whatever a culture or a font makes of them.</summary>
    private static readonly string[] Ids =
    [
        "digits", "Digits", "DIGITS", "digits ", " digits", "digit", "digits2", "dig\u0131ts", "d\u0131gits", "di\u0456its", "d\uff49gits", "digits\u200b", "digits\0", "digits\n",
        "di\u00adgits", "\ufeffdigits", "\u202edigits", "caf\u00e9", "cafe\u0301", "\u00c5", "A\u030a", "\u212b", "\ufb01t", "fit", "stra\u00dfe", "strasse", "STRASSE",
        "\ud83d\ude00", "\ufffd", "", " ", "*", "digits*", ".*", "[red]digits[/]", new string('x', 256), new string('x', 255),
    ];

    private SealedVersions _digits = null!;

    [OneTimeSetUp]
    public void Seal()
    {
        _digits = new SealedVersions();
        for (var i = 0; i < Ids.Length; i++)
        {
            _digits.SealNew(_digits[$"{i}"], new SealOptions { ModelId = Ids[i] });
        }
    }

    [OneTimeTearDown]
    public void Delete() => _digits.Dispose();

    [Test]
    public void An_id_is_expected_with_every_character_of_it_and_with_no_other()
    {
        for (var sealedAs = 0; sealedAs < Ids.Length; sealedAs++)
        {
            foreach (var expected in Ids)
            {
                if (expected == Ids[sealedAs])
                {
                    Assert.That(() => Open($"{sealedAs}", expected), Throws.Nothing, expected);
                }
                else
                {
                    Assert.That(() => Open($"{sealedAs}", expected), Refused.With(SafeModelError.WrongPackage, "was expected"), $"{Ids[sealedAs]} for {expected}");
                }
            }

            Assert.That(() => Open($"{sealedAs}", expected: null), Throws.Nothing);
        }
    }

    [Test]
    public void The_refusal_names_both_and_writes_no_control_character() => Assert.That(
        () => Open($"{Array.IndexOf(Ids, "\u202edigits")}", "digits\n"),
        Refused.With(SafeModelError.WrongPackage, @"mod.params is the model '\u{202e}digits'; 'digits\u{a}' was expected."));

    [Test]
    public void An_expected_id_is_no_pattern_and_no_prefix()
    {
        Assert.That(() => Open("0", "digit*"), Refused.With(SafeModelError.WrongPackage));
        Assert.That(() => Open("0", ""), Refused.With(SafeModelError.WrongPackage));
        Assert.That(() => Open("0", "\ud800"), Refused.With(SafeModelError.WrongPackage));
    }

    [Test]
    public void An_id_that_is_no_text_cannot_be_sealed()
    {
        foreach (var id in (string[])["\ud800", "\ud800\ufffd", "digits\udc00", "\udc00\ud800"])
        {
            Assert.That(() => _digits.SealNew(_digits["none"], new SealOptions { ModelId = id }), Throws.ArgumentException.With.Message.Contains("ModelId"));
            Assert.That(Path.Exists(_digits["none"]), Is.False);
        }
    }

    [Test]
    public void An_id_of_more_than_256_bytes_cannot_be_sealed()
    {
        Assert.That(() => _digits.SealNew(_digits["none"], new SealOptions { ModelId = new string('x', 257) }), Throws.ArgumentException.With.Message.Contains("256 bytes"));
        Assert.That(() => _digits.SealNew(_digits["none"], new SealOptions { ModelId = new string('\u00e9', 129) }), Throws.ArgumentException.With.Message.Contains("256 bytes"));
    }

    [TestCase(0ul, 0ul, true)]
    [TestCase(0ul, 1ul, false)]
    [TestCase(1ul, 0ul, true)]
    [TestCase(7ul, 7ul, true)]
    [TestCase(7ul, 6ul, true)]
    [TestCase(7ul, 8ul, false)]
    [TestCase(9ul, 10ul, false)]
    [TestCase(1ul << 63, (1ul << 63) - 1, true)]
    [TestCase((1ul << 63) - 1, 1ul << 63, false)]
    [TestCase(ulong.MaxValue - 1, ulong.MaxValue, false)]
    [TestCase(ulong.MaxValue, ulong.MaxValue, true)]
    [TestCase(ulong.MaxValue, 0ul, true)]
    [TestCase(0ul, ulong.MaxValue, false)]
    public void The_minimum_version_is_the_lowest_that_is_accepted(ulong version, ulong minimum, bool isAccepted) =>
        Assert.That(
            () => SealedPackage.Open(_digits.Sealed(version), _digits.Key, new PackageExpectations(null, minimum, TimeProvider.System)).Dispose(),
            isAccepted ? Throws.Nothing : Refused.With(SafeModelError.RolledBack, $"mod.params is version {version}; {minimum} is the lowest accepted."));

    [Test]
    public void Options_and_the_loaded_model_say_the_same()
    {
        var options = _digits.Options();
        (options.ExpectedModelId, options.MinimumVersion) = ("digits", ulong.MaxValue);
        using var model = SafeModel.Load(_digits.Sealed(ulong.MaxValue), _digits.Key, options);

        Assert.That((model.Package!.ModelId, model.Package.ModelVersion), Is.EqualTo(("digits", ulong.MaxValue)));
    }

    private void Open(string name, string? expected) => SealedPackage.Open(_digits[name], _digits.Key, new PackageExpectations(expected, 0, TimeProvider.System)).Dispose();
}
