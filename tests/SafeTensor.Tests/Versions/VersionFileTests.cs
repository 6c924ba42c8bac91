using System.Text;
using NUnit.Framework;
using SafeTensor.Runtime;

namespace SafeTensor.Tests.Versions;

/// <summary>A version file rises, never falls, and keeps publishers and models apart.</summary>
public sealed class VersionFileTests
{
    private static readonly string[] Nobody = [];

    private TemporaryFolder _folder = null!;
    private VersionFile _file = null!;

    private string Location => _folder["model.versions"];

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();
        _file = new VersionFile(Location);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Without_a_file_every_version_is_accepted_and_checking_makes_none()
    {
        Assert.That(() => _file.Check(Nobody, "digits", 0), Throws.Nothing);
        Assert.That(() => _file.Check(Nobody, "digits", ulong.MaxValue), Throws.Nothing);
        Assert.That(Directory.GetFileSystemEntries(_folder.Path), Is.Empty);
    }

    [Test]
    public void What_was_remembered_and_what_is_newer_is_accepted_and_what_is_older_is_not()
    {
        Raise(7);

        Assert.That(() => Check(7), Throws.Nothing);
        Assert.That(() => Check(8), Throws.Nothing);
        Assert.That(() => Check(6), Refused.With(SafeModelError.RolledBack, $"is version 6 of 'digits'; the version file '{Location}' remembers version 7."));
        Assert.That(() => Check(6), Throws.TypeOf<SafeModelException>().With.Message.Contains("Install the newer package. To go back on purpose, delete that file."));
    }

    [Test]
    public void It_rises_and_never_falls([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        ulong highest = 0;
        for (var i = 0; i < 200; i++)
        {
            var version = (ulong)random.NextInt64(0, 1000);
            if (version < highest)
            {
                Assert.That(() => Raise(version), Refused.With(SafeModelError.RolledBack));
            }
            else
            {
                Raise(version);
                highest = version;
            }

            Assert.That(Stored(), Is.EqualTo(highest));
        }
    }

    [TestCase(0ul)]
    [TestCase(1ul)]
    [TestCase(ulong.MaxValue - 1)]
    [TestCase(ulong.MaxValue)]
    public void Every_version_is_remembered_as_it_is(ulong version)
    {
        Raise(version);

        Assert.That(Stored(), Is.EqualTo(version));
        Assert.That(() => Raise(version), Throws.Nothing);
        if (version > 0)
        {
            Assert.That(() => Check(version - 1), Refused.With(SafeModelError.RolledBack));
        }
    }

    [Test]
    public void The_same_version_again_writes_nothing()
    {
        Raise(7);
        var before = new FileInfo(Location).LastWriteTimeUtc;
        File.Delete(Location + ".lock");

        Raise(7);

        Assert.That(new FileInfo(Location).LastWriteTimeUtc, Is.EqualTo(before));
        Assert.That(File.Exists(Location + ".lock"), Is.False);
    }

    [Test]
    public void Models_are_kept_apart_by_every_character_of_their_ids()
    {
        string[] ids =
        [
            "digits", "Digits", "digits ", " digits", "digit", "digitss", "", " ", "%", "%64igits", "digits\n", "7  digits", "sha256 ", "digits\0",
            "caf\u00e9", "cafe\u0301", "\u0430cme", "acme", "\ud83d\ude00", "\u202edigits", "a/b", "a b", "A\u030a", "\u00c5", "\u212b", new string('x', 256),
        ];
        for (var i = 0; i < ids.Length; i++)
        {
            Assert.That(() => _file.Check(Nobody, ids[i], 0), Throws.Nothing, ids[i]);
            _file.Raise(Nobody, ids[i], (ulong)(1000 - i), CancellationToken.None);
        }

        for (var i = 0; i < ids.Length; i++)
        {
            Assert.That(() => _file.Check(Nobody, ids[i], (ulong)(1000 - i)), Throws.Nothing, ids[i]);
            Assert.That(() => _file.Check(Nobody, ids[i], (ulong)(999 - i)), Refused.With(SafeModelError.RolledBack), ids[i]);
        }
    }

    [Test]
    public void Publishers_are_kept_apart_and_none_is_one_of_them()
    {
        _file.Raise(["alice"], "digits", 9, CancellationToken.None);
        _file.Raise(["bob"], "digits", 5, CancellationToken.None);
        Raise(2);

        Assert.That(() => _file.Check(["bob"], "digits", 5), Throws.Nothing);
        Assert.That(() => _file.Check(Nobody, "digits", 2), Throws.Nothing);
        Assert.That(() => _file.Check(["alice"], "digits", 8), Refused.With(SafeModelError.RolledBack, "remembers version 9 by the publisher alice."));
        Assert.That(() => _file.Check(["carol"], "digits", 0), Throws.Nothing);
    }

    [Test]
    public void A_package_of_several_publishers_is_no_older_than_any_of_them_saw_and_raises_all()
    {
        _file.Raise(["alice"], "digits", 9, CancellationToken.None);
        _file.Raise(["bob"], "digits", 5, CancellationToken.None);

        Assert.That(() => _file.Raise(["bob", "alice"], "digits", 8, CancellationToken.None), Refused.With(SafeModelError.RolledBack, "9 by the publisher alice"));
        Assert.That(() => _file.Check(["bob"], "digits", 5), Throws.Nothing, "a refused package raises nobody");

        _file.Raise(["bob", "alice"], "digits", 9, CancellationToken.None);
        Assert.That(() => _file.Check(["bob"], "digits", 8), Refused.With(SafeModelError.RolledBack, "9 by the publisher bob"));
        Assert.That(() => _file.Check(["alice"], "digits", 9), Throws.Nothing);
    }

    [TestCase("versions.new")]
    [TestCase("versions.lock")]
    public void The_name_of_anothers_draft_or_lock_is_misuse(string name) =>
        Assert.That(() => new VersionFile(name), Throws.ArgumentException.With.Message.Contains("drafts and locks"));

    [Test]
    public void A_package_is_no_older_than_what_any_trusted_publisher_signed()
    {
        _file.Raise(["alice"], "digits", 9, CancellationToken.None);
        var file = new VersionFile(Location, "alice", "bob");

        Assert.That(() => file.Check(["bob"], "digits", 8), Refused.With(SafeModelError.RolledBack, "9 by the publisher alice"));
        Assert.That(() => file.Raise(["bob"], "digits", 8, CancellationToken.None), Refused.With(SafeModelError.RolledBack));

        file.Raise(["bob"], "digits", 10, CancellationToken.None);
        Assert.That(() => _file.Check(["alice"], "digits", 9), Throws.Nothing, "alice signed nothing newer");
        Assert.That(() => file.Check(["alice"], "digits", 9), Refused.With(SafeModelError.RolledBack, "10 by the publisher bob"));
    }

    [Test]
    public void Its_text_can_be_read_by_people()
    {
        _file.Raise(["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"], "acme/digits", 9, CancellationToken.None);
        _file.Raise(Nobody, "digits \u00e9", 7, CancellationToken.None);
        const string Body = "safetensor versions 1\n7  digits%20%C3%A9\n9 NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs acme%2Fdigits\n";

        Assert.That(File.ReadAllText(Location), Is.EqualTo($"{Body}sha256 {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(Body)))}\n"));
    }

    [Test]
    public void A_full_file_takes_no_other_model_and_keeps_those_that_it_has()
    {
        var full = new SeenVersions();
        for (var i = 0; i < SeenVersions.MaxCount; i++)
        {
            full.Raise("", $"{i:d6}" + new string('\u00e9', 125), ulong.MaxValue);
        }

        var bytes = full.Encode();
        File.WriteAllBytes(Location, bytes);

        Assert.That(bytes, Has.Length.LessThanOrEqualTo(SeenVersions.MaxLength));
        Assert.That(() => _file.Check(Nobody, "000007" + new string('\u00e9', 125), 1), Refused.With(SafeModelError.RolledBack, $"{ulong.MaxValue}"));
        Assert.That(() => Raise(1), Throws.InstanceOf<IOException>().With.Message.Contains("It holds 1024 models already"));
        Assert.That(File.ReadAllBytes(Location), Is.EqualTo(bytes));
    }

    [TestCase("")]
    [TestCase("/")]
    [TestCase("versions/")]
    [TestCase("versions/..")]
    [TestCase("versions\0")]
    public void A_path_that_names_no_file_is_misuse(string path) =>
        Assert.That(() => new VersionFile(path), Throws.ArgumentException.With.Message.Contains("versions").Or.Message.Contains("version file"));

    [Test]
    public void A_relative_path_is_one_from_the_folder_that_was_current_then()
    {
        var before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = _folder.Path;
            var file = new VersionFile("relative.versions");
            Environment.CurrentDirectory = before;
            file.Raise(Nobody, "digits", 3, CancellationToken.None);
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }

        Assert.That(File.Exists(_folder["relative.versions"]), Is.True);
    }

    private void Check(ulong version) => _file.Check(Nobody, "digits", version);

    private void Raise(ulong version) => _file.Raise(Nobody, "digits", version, CancellationToken.None);

    private ulong Stored() => File.Exists(Location) ? SeenVersions.Decode(File.ReadAllBytes(Location)).Of("", "digits") : 0;
}
