using System.Buffers;
using System.Buffers.Binary;

namespace Ecom.Contracts;

/// <summary>Ids: a prefix and 26 characters, a version 7 UUID in Crockford's base 32, so that ids sort by the time they were made.</summary>
public static class Ids
{
    public const int MaxLength = 64;
    const string Crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-");

    public static string NewOrder() => "ORD-" + Encode(Guid.CreateVersion7());

    public static string NewPayment() => "PAY-" + Encode(Guid.CreateVersion7());

    public static string NewEvent() => Guid.CreateVersion7().ToString();

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
