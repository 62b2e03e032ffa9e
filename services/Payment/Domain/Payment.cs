namespace Ecom.Payments;

/// <summary>PENDING: the gateway has not answered. CANCELLED: the order was cancelled before any money was taken, and none will be.</summary>
public enum PaymentStatus { PENDING, PROCESSED, FAILED, REFUNDED, CANCELLED }

/// <summary>The one payment of an order. What comes first, the question or the cancellation, makes the row; the other finds it.</summary>
public sealed class Payment
{
    public string PaymentId { get; private set; } = "";
    public string OrderId { get; private set; } = "";
    public string UserId { get; private set; } = "";
    public decimal Amount { get; private set; }
    public string Currency { get; private set; } = "USD";
    public string Method { get; private set; } = "card";
    public PaymentStatus Status { get; private set; }
    public string? Reason { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>Counts the changes; two at once cannot both win.</summary>
    public int Version { get; private set; }

    public static Payment For(string paymentId, string orderId, string userId, decimal amount, DateTimeOffset now) =>
        new() { PaymentId = paymentId, OrderId = orderId, UserId = userId, Amount = amount, CreatedAt = now, UpdatedAt = now };

    public void Settle(Answer answer, DateTimeOffset now)
    {
        if (Status is PaymentStatus.PENDING && answer is not Answer.None)
            Move(answer is Answer.Approved ? PaymentStatus.PROCESSED : PaymentStatus.FAILED, (answer as Answer.Declined)?.Reason, now);
    }

    /// <returns>True when money goes back.</returns>
    public bool Cancel(string reason, DateTimeOffset now)
    {
        switch (Status)
        {
            case PaymentStatus.PROCESSED:
                Move(PaymentStatus.REFUNDED, reason, now);
                return true;
            case PaymentStatus.PENDING:
                Move(PaymentStatus.CANCELLED, reason, now);
                return false;
            default:
                return false;
        }
    }

    void Move(PaymentStatus status, string? reason, DateTimeOffset now) => (Status, Reason, UpdatedAt, Version) = (status, reason, now, Version + 1);
}
