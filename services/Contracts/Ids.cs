using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ecom.Contracts;

/// <summary>Ids: a prefix and 26 characters, a version 7 UUID in Crockford's base 32, so that ids sort by the time they were made.</summary>
public static class Ids
{
    public const int MaxLength = 64;
    const string Crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    static readonly SearchValues<char> Digits = SearchValues.Create(Crockford);
    static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-");

    public static string NewOrder() => "ORD-" + Encode(Guid.CreateVersion7());

    /// <summary>When an order's id was made; null: it is none of ours.</summary>
    public static DateTimeOffset? TimeOfOrder(string id)
    {
        if (!id.StartsWith("ORD-", StringComparison.Ordinal) || id.Length != 30 || id.AsSpan(4).ContainsAnyExcept(Digits))
            return null;
        // The first ten digits are the 48 bits of time; the next begins with the version, 7.
        var time = id.AsSpan(4, 10).ToArray().Aggregate(0L, (sum, digit) => sum << 5 | (long)Crockford.IndexOf(digit, StringComparison.Ordinal));
        return Crockford.IndexOf(id[14], StringComparison.Ordinal) >> 1 == 7 && time < 1L << 47 ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
    }

    public static string NewPayment() => "PAY-" + Encode(Guid.CreateVersion7());

    public static string NewEvent() => Guid.CreateVersion7().ToString();

    /// <summary>
    /// The id of a fact that may have to be told again: a version 7 UUID of its time whose other bits are a hash of the topic and the id of what it is about,
    /// so that telling it twice is one event.
    /// </summary>
    public static string EventOf(string topic, string key, DateTimeOffset since)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{topic} {key}"), hash);
        Span<byte> id = stackalloc byte[16];
        Guid.CreateVersion7(since).TryWriteBytes(id, bigEndian: true, out _);
        // 48 bits of time, 4 of version, 12 random, 2 of variant, 62 random (RFC 9562, 5.7).
        (id[6], id[7], id[8]) = ((byte)(0x70 | hash[0] & 0x0F), hash[1], (byte)(0x80 | hash[2] & 0x3F));
        hash[3..10].CopyTo(id[9..]);
        return new Guid(id, bigEndian: true).ToString();
    }

    /// <summary>1 to 64 of <c>[A-Za-z0-9._@-]</c>: what may stand in a path, a record key and a state key without escaping.</summary>
    public static bool IsValid(string? id) => id is { Length: > 0 and <= MaxLength } && !id.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>The 128 bits, most significant first, as 26 digits of 5 bits (the first digit holds 3).</summary>
    public static string Encode(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var bits = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return string.Create(26, bits, (text, rest) =>
        {
            for (var i = text.Length - 1; i >= 0; i--, rest >>= 5)
                text[i] = Crockford[(int)(rest & 31)];
        });
    }
}
