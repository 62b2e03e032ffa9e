using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ecom.Contracts;

namespace Ecom.Payments.Gateway;

/// <summary>What may go wrong with a call to a gateway.</summary>
public enum Trouble { None, NoAnswer, LostAnswer, Slow, Late }

/// <summary>How the simulated gateway decides: by the token, or by a hash of the order's id, so that a run can be repeated.</summary>
/// <param name="SuccessRate">The share of charges that are approved, where no token decides.</param>
/// <param name="FaultRate">The share of calls that go wrong: a third each loses its answer, is slow, and charges after nobody waits any more.</param>
public sealed record GatewayOptions(double SuccessRate, double FaultRate)
{
    static readonly string[] Reasons = ["insufficient_funds", "card_declined", "expired_card"];

    /// <returns>Why the charge is declined; null: it is approved.</returns>
    public string? Verdict(string orderId, string? token) => token switch
    {
        PaymentTokens.InsufficientFunds => Reasons[0],
        PaymentTokens.CardDeclined => Reasons[1],
        PaymentTokens.ExpiredCard => Reasons[2],
        null when Hash(orderId) is var hash => Chance(hash) < SuccessRate ? null : Reasons[hash[4] % Reasons.Length],
        _ => null,
    };

    public Trouble TroubleOf(string orderId, string? token) => token switch
    {
        PaymentTokens.Timeout => Trouble.NoAnswer,
        PaymentTokens.LostAnswer => Trouble.LostAnswer,
        PaymentTokens.Slow => Trouble.Slow,
        null when FaultRate > 0 && Hash(orderId) is var hash && Chance(hash.AsSpan(8)) < FaultRate => (hash[5] % 3) switch { 0 => Trouble.LostAnswer, 1 => Trouble.Slow, _ => Trouble.Late },
        _ => Trouble.None,
    };

    static byte[] Hash(string orderId) => SHA256.HashData(Encoding.UTF8.GetBytes(orderId));

    static double Chance(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt32BigEndian(hash) / (double)uint.MaxValue;
}
