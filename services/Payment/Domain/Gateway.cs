using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ecom.Contracts;

namespace Ecom.Payments;

/// <summary>What a payment gateway says.</summary>
public abstract record Answer
{
    public sealed record Approved : Answer;

    public sealed record Declined(string Reason) : Answer;

    /// <summary>Nothing: it never comes back.</summary>
    public sealed record None : Answer;
}

/// <summary>The way to the money. The order's id is the idempotency key: the same question has the same answer and charges once.</summary>
public interface IPaymentGateway
{
    Task<Answer> Charge(string orderId, decimal amount, string? token, CancellationToken ct);

    /// <summary>Gives back what was charged for the order, once however often it is asked.</summary>
    Task Refund(string orderId, decimal amount, CancellationToken ct);
}

/// <summary>A sandbox: the token decides, or a hash of the order's id, so that a run can be repeated.</summary>
public sealed class SimulatedGateway(double successRate) : IPaymentGateway
{
    static readonly string[] Reasons = ["insufficient_funds", "card_declined", "expired_card"];

    public Task<Answer> Charge(string orderId, decimal amount, string? token, CancellationToken ct) => Task.FromResult<Answer>(token switch
    {
        PaymentTokens.Success => new Answer.Approved(),
        PaymentTokens.InsufficientFunds => new Answer.Declined(Reasons[0]),
        PaymentTokens.CardDeclined => new Answer.Declined(Reasons[1]),
        PaymentTokens.ExpiredCard => new Answer.Declined(Reasons[2]),
        PaymentTokens.Timeout => new Answer.None(),
        _ => ByHash(orderId),
    });

    public Task Refund(string orderId, decimal amount, CancellationToken ct) => Task.CompletedTask;

    Answer ByHash(string orderId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(orderId), hash);
        var chance = BinaryPrimitives.ReadUInt32BigEndian(hash) / (double)uint.MaxValue;
        return chance < successRate ? new Answer.Approved() : new Answer.Declined(Reasons[hash[4] % Reasons.Length]);
    }
}
