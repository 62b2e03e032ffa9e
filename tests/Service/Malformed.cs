using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace Ecom.Tests.Service;

/// <summary>Inputs as nobody should send them, made of good ones. A failing one is shrunk and printed with the seed that replays it (<c>CsCheck_Seed</c>).</summary>
static class Malformed
{
    enum Change { Replace, Remove, Repeat, Rename }

    static readonly Gen<string> JsonValue = Gen.OneOf(
        Gen.OneOfConst(
            "null", "true", "0", "-1", "-0.0", "1.5", "0.001", "1e999", "-1e-999", "2147483648", "9223372036854775808", "79228162514264337593543950336", "9999999999.99",
            "\"\"", "\" \"", "\"NaN\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\r\\nBcc: x@example.com\"", "\"😀\"", "[]", "{}", "[null]", "[[]]", "{\"\":null}",
            "\"0001-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"9999-12-31T23:59:59-12:00\"", "\"1969-12-31T23:59:59Z\"", "\"2026-02-30T00:00:00Z\"", "\"yesterday\""),
        Gen.String.Select(text => JsonSerializer.Serialize(text)),
        Gen.Int[65, 5000].Select(length => $"\"{new string('x', length)}\""),
        Gen.Int[1, 200].Select(Nested),
        Gen.Long.Select(number => $"{number}"));

    static readonly Gen<string> AnyValue = Gen.Frequency((6, JsonValue), (1, Gen.OneOfConst("NaN", "-Infinity", "undefined", "'x'", "01", "+1", "\"", "\"\\x\"", "//", "")));

    /// <summary>What may stand in a path or a query; a NUL and a path too long are refused by the server before any route.</summary>
    public static Gen<string> Parameter { get; } = Gen.OneOf(
        Gen.OneOfConst("", "0", "-1", "1.0", "2147483648", "99999999999999999999", "NaN", "null", "..", "a b", "a/b", "a\nb", "'; DROP TABLE x", "😀", "ü", "*", "{id}", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"),
        Gen.OneOfConst("PROD-001", "u1", "ORD-1", "1"),
        Gen.Int[60, 300].Select(length => new string('x', length)),
        Gen.Char['\u0001', '\uffff'].Where(c => !char.IsSurrogate(c)).Array[1, 8].Select(chars => new string(chars))).Select(Uri.EscapeDataString);

    /// <summary>A header's value: a client cannot send every character there.</summary>
    public static Gen<string> Header { get; } = Gen.OneOf(Gen.OneOfConst("", "k1", "a b", "a:b", "-1"), Gen.Char[' ', '~'].Array[1, 300].Select(chars => new string(chars)));

    /// <summary>JSON all the same: with a value that does not belong there, without one, with one twice.</summary>
    public static Gen<string> Json(string good) => Changed(good, JsonValue);

    public static Gen<byte[]> Bytes(string good) => Gen.Frequency(
        (6, Changed(good, AnyValue).Select(Encoding.UTF8.GetBytes)),
        (1, AnyValue.Select(Encoding.UTF8.GetBytes)),
        (1, Gen.Int[0, good.Length - 1].Select(length => Encoding.UTF8.GetBytes(good)[..length])),
        (2, Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Bool).Select(byte[] (at, odd, isMore) =>
        {
            var bytes = Encoding.UTF8.GetBytes(good);
            return [.. bytes[..at], odd, .. bytes[(isMore ? at : at + 1)..]];
        })),
        (1, Gen.Byte.Array[0, 64]));

    static Gen<string> Changed(string good, Gen<string> value)
    {
        var root = JsonNode.Parse(good)!;
        return Gen.Select(Gen.Int[0, Size(root) - 1], Gen.Enum<Change>(), value).Select((at, change, odd) => Write(root, ref at, change, odd));
    }

    static int Size(JsonNode? node) => 1 + (node switch
    {
        JsonObject o => o.Sum(member => Size(member.Value)),
        JsonArray a => a.Sum(Size),
        _ => 0,
    });

    /// <summary>The JSON text, with the change at one of its values, counted as they are written.</summary>
    static string Write(JsonNode? node, ref int at, Change change, string odd)
    {
        if (at-- == 0)
            return odd;
        var parts = new List<string>();
        foreach (var (name, value) in node switch
        {
            JsonObject o => o.Select(member => ($"\"{member.Key}\":", member.Value)),
            JsonArray a => a.Select(item => ("", item)),
            _ => [],
        })
        {
            var isHere = at == 0;
            var text = Write(value, ref at, change, odd);
            parts.AddRange((isHere, change) switch
            {
                (true, Change.Remove) => [],
                (true, Change.Repeat) => [$"{name}{value?.ToJsonString() ?? "null"}", $"{name}{text}"],
                (true, Change.Rename) => [$"{name.ToUpperInvariant()}{value?.ToJsonString() ?? "null"}"],
                _ => [$"{name}{text}"],
            });
        }

        return node switch
        {
            JsonObject => $"{{{string.Join(',', parts)}}}",
            JsonArray => $"[{string.Join(',', parts)}]",
            _ => node?.ToJsonString() ?? "null",
        };
    }

    static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
