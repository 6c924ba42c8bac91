using System.Text;
using NUnit.Framework;

namespace SafeTensor.Tests.Independent;

/// <summary>Packages that a holder of the key made wrong: every HMAC, hash, root and tag fits, and a rule of docs/format.md is broken.</summary>
internal static class MalformedPackages
{
    /// <summary>The property of a case that holds the error it must have.</summary>
    internal const string Expected = "expected";

    internal const string Accepted = "none", NotThere = nameof(FileNotFoundException);

    private const string Tampered = nameof(FormatError.Tampered), LimitExceeded = nameof(FormatError.LimitExceeded);

    private const string UnsupportedFormat = nameof(FormatError.UnsupportedFormat), WrongPackage = nameof(FormatError.WrongPackage);

    private static readonly CborItem Zero = CborItem.Unsigned(0);

    /// <summary>What is changed in the body.</summary>
    internal static IEnumerable<TestCaseData<Func<byte[], byte[]>>> Bodies()
    {
        yield return Raw("the_body_as_it_is", Accepted, body => body);

        // The form.
        yield return Raw("bytes_after_the_map", Tampered, body => [.. body, 0]);
        yield return Raw("a_body_that_ends_early", Tampered, body => body[..^1]);
        yield return Raw("an_empty_body", Tampered, _ => []);
        yield return Raw("a_map_of_indefinite_length", Tampered, body => [0xBF, .. body.AsSpan(1), 0xFF]);
        yield return Raw("a_count_that_is_not_the_shortest", Tampered, body => [0xB8, (byte)(body[0] & 31), .. body.AsSpan(1)]);
        yield return Raw("a_key_that_is_not_the_shortest", Tampered, body => [body[0], 0x18, 1, .. body.AsSpan(2)]);
        yield return Raw("a_map_of_two_billion", Tampered, body => [0xBA, 0x7F, 0xFF, 0xFF, 0xFF, .. body.AsSpan(1)]);
        yield return Raw("an_array_instead_of_the_map", Tampered, _ => [0x80]);
        yield return Raw("a_tag_before_the_map", Tampered, body => [0xD9, 0xD9, 0xF7, .. body]);
        yield return Raw("no_fields", Tampered, _ => [0xA0]);
        yield return Items("keys_out_of_order", Tampered, items => [.. items[2..4], .. items[..2], .. items[4..]]);
        yield return Items("a_key_twice", Tampered, items => [.. items[..2], .. items]);
        yield return Items("a_key_that_is_a_text", Tampered, items => [.. items, CborItem.Text("k"), Zero]);
        yield return Items("a_key_that_is_an_array", Tampered, items => [.. items, CborItem.Array(), Zero]);

        // Keys.
        yield return Items("key_0", UnsupportedFormat, items => [Zero, Zero, .. items]);
        yield return Items("key_8", UnsupportedFormat, items => [.. items, CborItem.Unsigned(8), Zero]);
        yield return Items("the_largest_key", UnsupportedFormat, items => [.. items, CborItem.Unsigned(ulong.MaxValue), Zero]);
        yield return Items("the_smallest_key", Accepted, items => [.. items, CborItem.Negative(ulong.MaxValue), Zero]);
        foreach (var key in new ulong[] { 1, 2, 3, 6, 7 })
        {
            yield return Items($"no_key_{key}", Tampered, items => [.. items.Chunk(2).Where(pair => pair[0].Number != key).SelectMany(pair => pair)]);
            yield return Field($"key_{key}_of_another_type", Tampered, key, _ => Simple(22));
        }

        yield return Ignored("a_value_of_three_levels_that_is_ignored", Accepted, CborItem.Array(CborItem.Map(Zero, CborItem.Array(Zero))));
        yield return Ignored("a_value_of_four_levels", Tampered, CborItem.Array(CborItem.Map(Zero, CborItem.Array(CborItem.Array()))));
        yield return Ignored("a_value_of_65_000_bytes", Accepted, CborItem.String(new byte[65_000]));
        yield return Ignored("a_value_of_100_000_bytes", LimitExceeded, CborItem.String(new byte[100_000]));
        yield return Ignored("simple_values_that_are_ignored", Accepted, CborItem.Array(Simple(20), Simple(22), Simple(23), Simple(0), Simple(24, 255)));
        yield return Ignored("floats_that_are_ignored", Accepted, CborItem.Array(Simple(25, 0x3C, 0), Simple(26, 0x3F, 0x80, 0, 0), Simple(27, 0, 0, 0, 0, 0, 0, 0, 0)));
        yield return Ignored("a_tag_in_a_value_that_is_ignored", Tampered, new(6, 1, [], [Zero]));
        yield return Ignored("maps_out_of_order_in_a_value_that_is_ignored", Tampered, CborItem.Map(CborItem.Unsigned(2), Zero, CborItem.Unsigned(1), Zero));
        yield return Ignored("keys_of_several_types_by_type_first", Accepted, CborItem.Map(CborItem.Unsigned(1000), Zero, CborItem.Negative(0), Zero, CborItem.Text(""), Zero));
        yield return Ignored("keys_of_several_types_by_length_first", Tampered, CborItem.Map(CborItem.Negative(0), Zero, CborItem.Text(""), Zero, CborItem.Unsigned(1000), Zero));
        yield return Ignored("a_text_that_is_not_UTF_8_in_a_value_that_is_ignored", Tampered, new(CborItem.TextType, 1, [0xFF], []));
        yield return Ignored("a_simple_value_that_is_not_the_shortest", Tampered, Simple(24, 20));

        // Texts and times.
        yield return Field("the_longest_model_id", Accepted, 1, _ => CborItem.Text(new string('m', 256)));
        yield return Field("a_model_id_that_is_too_long", LimitExceeded, 1, _ => CborItem.Text(new string('m', 257)));
        yield return Field("a_model_id_of_257_bytes_and_fewer_characters", LimitExceeded, 1, _ => CborItem.Text('m' + new string('é', 128)));
        yield return Field("an_empty_model_id", Accepted, 1, _ => CborItem.Text(""));
        yield return Field("a_model_id_with_control_characters", Accepted, 1, _ => CborItem.Text("a\0\n\u001b"));
        yield return Field("a_model_id_that_is_not_UTF_8", Tampered, 1, _ => new(CborItem.TextType, 2, [0xC0, 0x80], []));
        yield return Field("the_largest_version", Accepted, 2, _ => CborItem.Unsigned(ulong.MaxValue));
        yield return Field("a_negative_version", Tampered, 2, _ => CborItem.Negative(0));
        yield return Field("the_last_second", Accepted, 3, _ => CborItem.Unsigned(253_402_300_799));
        yield return Field("the_year_10_000", Tampered, 3, _ => CborItem.Unsigned(253_402_300_800));
        yield return Items("not_after_in_the_year_10_000", Tampered, items => [.. items[..6], CborItem.Unsigned(4), CborItem.Unsigned(253_402_300_800), .. items[6..]]);
        yield return Items("a_producer_that_is_too_long", LimitExceeded, items => [.. items[..6], CborItem.Unsigned(5), CborItem.Text(new string('p', 257)), .. items[6..]]);
        yield return Items("a_producer_of_null", Tampered, items => [.. items[..6], CborItem.Unsigned(5), Simple(22), .. items[6..]]);

        // Tensors.
        yield return Tensor("a_tensor_of_six_fields", Tampered, fields => fields[..6]);
        yield return Tensor("a_tensor_of_eight_fields", Tampered, fields => [.. fields, Zero]);
        yield return Part("a_tensors_name_that_is_a_text", Tampered, 6, 0, CborItem.Text("weight"));
        yield return Part("an_empty_tensor_name", Tampered, 6, 0, CborItem.String([]));
        yield return Part("a_tensor_name_of_1025_bytes", Tampered, 6, 0, CborItem.String(new byte[1025]));
        yield return Part("a_tensor_name_with_NUL", Tampered, 6, 0, CborItem.String([.. "weigh\0"u8]));
        yield return Part("a_tensor_name_with_DEL", Tampered, 6, 0, CborItem.String([.. "weigh\x7F"u8]));
        yield return Part("a_tensor_name_with_a_C1_control", Tampered, 6, 0, CborItem.String([.. "weig\u0085"u8]));
        yield return Part("a_tensor_name_that_is_not_UTF_8", Tampered, 6, 0, CborItem.String([.. "weigh"u8, 0xFF]));
        yield return Part("the_manifests_name", Tampered, 6, 0, CborItem.String([.. "__safetensor__"u8]));
        yield return Part("a_name_twice", Tampered, 6, 0, CborItem.String([.. "open"u8]));
        yield return Part("another_name", Tampered, 6, 0, CborItem.String([.. "weighT"u8]));
        yield return Part("another_type", Tampered, 6, 1, CborItem.Unsigned(1));
        yield return Part("a_type_of_256", Tampered, 6, 1, CborItem.Unsigned(256));
        yield return Part("bits_that_give_the_same_length", Tampered, 6, 2, CborItem.Unsigned(31));
        yield return Part("bits_of_another_length", Tampered, 6, 2, CborItem.Unsigned(64));
        yield return Part("no_bits", Tampered, 6, 2, Zero);
        yield return Part("288_bits", Tampered, 6, 2, CborItem.Unsigned(288));
        yield return Part("another_shape", Tampered, 6, 3, CborItem.Array(CborItem.Unsigned(2), CborItem.Unsigned(3)));
        yield return Part("a_shape_of_another_length", Tampered, 6, 3, CborItem.Array(CborItem.Unsigned(7)));
        yield return Part("a_negative_dimension", Tampered, 6, 3, CborItem.Array(CborItem.Negative(0)));
        yield return Part("rank_33", LimitExceeded, 6, 3, CborItem.Array([.. Enumerable.Repeat(CborItem.Unsigned(1), 33)]));
        yield return Part("a_dimension_of_2_63", Tampered, 6, 3, CborItem.Array(CborItem.Unsigned(1UL << 63)));
        yield return Part("a_product_of_2_64", Tampered, 6, 3, CborItem.Array(CborItem.Unsigned(1UL << 32), CborItem.Unsigned(1UL << 32)));
        yield return Part("a_product_of_2_64_and_a_zero", Tampered, 6, 3, CborItem.Array(CborItem.Unsigned(1UL << 32), CborItem.Unsigned(1UL << 32), Zero));
        yield return Part("a_zero_and_a_product_of_2_64", Tampered, 6, 3, CborItem.Array(Zero, CborItem.Unsigned(1UL << 32), CborItem.Unsigned(1UL << 32)));
        yield return Part("a_length_of_2_63_by_its_type", Tampered, 6, 3, CborItem.Array(CborItem.Unsigned(1UL << 61)));
        yield return Part("a_length_field_of_2_63", Tampered, 6, 4, CborItem.Unsigned(1UL << 63));
        yield return Part("another_length", Tampered, 6, 4, CborItem.Unsigned(23));
        yield return Part("flag_2", UnsupportedFormat, 6, 5, CborItem.Unsigned(3));
        yield return Part("another_flag", Tampered, 6, 5, Zero);
        yield return Part("a_root_of_31_bytes", Tampered, 6, 6, CborItem.String(new byte[31]));
        yield return Part("a_root_of_33_bytes", Tampered, 6, 6, CborItem.String(new byte[33]));
        yield return Part("another_root_of_a_tensor", Tampered, 6, 6, CborItem.String(new byte[32]));
        yield return Fields("2_63_bytes_less_one_of_tensor", LimitExceeded, 6, 0, [CborItem.Array(CborItem.Unsigned(long.MaxValue / 4)), CborItem.Unsigned(long.MaxValue / 4 * 4)], 3);
        yield return Fields("2_32_segments", LimitExceeded, 6, 0, [CborItem.Array(CborItem.Unsigned(1UL << 50)), CborItem.Unsigned(1UL << 52)], 3);
        yield return Field("no_tensors_where_there_are_some", Tampered, 6, _ => CborItem.Array());

        // Files.
        yield return Part("a_files_name_that_is_a_byte_string", Tampered, 7, 0, CborItem.String([.. "mod.so"u8]));
        foreach (var name in new[] { "", ".", "..", ".so", "-so", "a/b", "/etc/passwd", "../mod.so", "mod.so\n", "mod.so\0", "möd.so", "mod so", new string('m', 65) })
        {
            yield return Part($"a_file_named_{name.Length}_{Encoding.UTF8.GetBytes(name).Sum(letter => letter)}", Tampered, 7, 0, CborItem.Text(name));
        }

        yield return Part("a_file_that_is_not_there", NotThere, 7, 0, CborItem.Text("mod.os"));
        yield return Part("kind_0", UnsupportedFormat, 7, 1, Zero);
        yield return Part("kind_3", UnsupportedFormat, 7, 1, CborItem.Unsigned(3));
        yield return Part("kind_2_32_and_1", UnsupportedFormat, 7, 1, CborItem.Unsigned((1UL << 32) + 1));
        yield return Part("two_graphs", Tampered, 7, 1, CborItem.Unsigned(2));
        yield return Part("another_length_of_code", WrongPackage, 7, 2, CborItem.Unsigned(21));
        yield return Part("4_GiB_of_code_and_a_byte", LimitExceeded, 7, 2, CborItem.Unsigned((4UL << 30) + 1));
        yield return Part("no_bytes_of_code", WrongPackage, 7, 2, Zero);
        yield return Part("a_length_of_code_of_2_63", LimitExceeded, 7, 2, CborItem.Unsigned(1UL << 63));
        yield return Part("2_62_bytes_of_code", LimitExceeded, 7, 2, CborItem.Unsigned(1UL << 62));
        yield return Part("flag_2_of_a_file", UnsupportedFormat, 7, 3, CborItem.Unsigned(2));
        yield return Part("code_that_is_said_to_be_clear", Tampered, 7, 3, Zero);
        yield return Part("another_root_of_code", WrongPackage, 7, 4, CborItem.String(new byte[32]));
        yield return Field("a_file_of_four_fields", Tampered, 7, files => CborItem.Array(CborItem.Array(files.Items[0].Items[..4]), files.Items[1]));
        yield return Field("three_files", LimitExceeded, 7, files => CborItem.Array([.. files.Items, files.Items[0]]));
        yield return Field("graph_before_code_with_the_tags_as_they_were", WrongPackage, 7, files => CborItem.Array(files.Items[1], files.Items[0]));
        yield return Part("code_and_graph_in_one_file", Tampered, 7, 0, CborItem.Text("mod.json"));
        yield return Part("code_in_the_parameters_file", Tampered, 7, 0, CborItem.Text("mod.params"));
        yield return Part("code_in_the_signature_file", Tampered, 7, 0, CborItem.Text("mod.sig"));
    }

    private static CborItem Simple(int info, params byte[] bytes) => new(CborItem.SimpleType, (ulong)info, bytes, []);

    private static TestCaseData<Func<byte[], byte[]>> Raw(string name, string error, Func<byte[], byte[]> change) =>
        new TestCaseData<Func<byte[], byte[]>>(change).SetArgDisplayNames(name).SetProperty(Expected, error);

    private static TestCaseData<Func<byte[], byte[]>> Items(string name, string error, Func<CborItem[], CborItem[]> change) =>
        Raw(name, error, body => CborItem.Map(change(CborDecoder.Decode(body).Items)).Encode());

    private static TestCaseData<Func<byte[], byte[]>> Ignored(string name, string error, CborItem value) =>
        Items(name, error, items => [.. items, CborItem.Negative(0), value]);

    private static TestCaseData<Func<byte[], byte[]>> Field(string name, string error, ulong key, Func<CborItem, CborItem> change) =>
        Items(name, error, items => [.. items.Chunk(2).SelectMany(pair => pair[0].Number == key ? [pair[0], change(pair[1])] : pair)]);

    /// <summary>Changes the fields of the first tensor.</summary>
    private static TestCaseData<Func<byte[], byte[]>> Tensor(string name, string error, Func<CborItem[], CborItem[]> change) =>
        Field(name, error, 6, tensors => CborItem.Array([CborItem.Array(change(tensors.Items[0].Items)), .. tensors.Items[1..]]));

    /// <summary>Changes one field of the first tensor or file.</summary>
    private static TestCaseData<Func<byte[], byte[]>> Part(string name, string error, ulong key, int field, CborItem value) =>
        Fields(name, error, key, 0, [value], field);

    /// <summary>Changes fields that follow each other.</summary>
    private static TestCaseData<Func<byte[], byte[]>> Fields(string name, string error, ulong key, int part, CborItem[] values, int first) =>
        Field(name, error, key, parts =>
        {
            var fields = parts.Items[part].Items.ToArray();
            values.CopyTo(fields, first);
            return CborItem.Array([.. parts.Items[..part], CborItem.Array(fields), .. parts.Items[(part + 1)..]]);
        });
}
