namespace Ecom.Payments;

/// <summary>PENDING: the gateway has not answered. CANCELLED: the order was cancelled before any money was taken, and none will be.</summary>
public enum PaymentStatus { PENDING, PROCESSED, FAILED, REFUNDED, CANCELLED }

/// <summary>
/// The one payment of an order. What comes first, the question or the cancellation, makes the row; the other finds it. The row is there before the
/// gateway is asked, and is the queue of what the gateway must be asked: to charge while it is PENDING, to give back once the order is cancelled.
/// </summary>
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

    /// <summary>What the customer pays with, a token.</summary>
    public string? Token { get; private set; }

    /// <summary>What is sent about it belongs to this checkout, and to this trace.</summary>
    public string? CorrelationId { get; private set; }
    public string? CausationId { get; private set; }
    public string? TraceParent { get; private set; }

    /// <summary>When the gateway answered the charge.</summary>
    public DateTimeOffset? SettledAt { get; private set; }

    /// <summary>Why the order was cancelled, once it was.</summary>
    public string? CancelReason { get; private set; }

    /// <summary>When it became sure that the order keeps none of the customer's money, and how much was given back.</summary>
    public DateTimeOffset? UndoneAt { get; private set; }
    public decimal? RefundedAmount { get; private set; }

    /// <summary>How often the gateway was asked in vain, and when it is asked again.</summary>
    public int Attempts { get; private set; }
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>Counts the changes; two at once cannot both win.</summary>
    public int Version { get; private set; }

    /// <summary>An intent: the gateway is to be asked.</summary>
    public static Payment Intent(string paymentId, string orderId, string userId, decimal amount, string? token, DateTimeOffset now) =>
        new() { PaymentId = paymentId, OrderId = orderId, UserId = userId, Amount = amount, Token = token, CreatedAt = now, UpdatedAt = now };

    /// <summary>The cancellation came before the question: it will never be charged.</summary>
    public static Payment Never(string paymentId, string orderId, string userId, string reason, DateTimeOffset now)
    {
        var payment = Intent(paymentId, orderId, userId, 0, null, now);
        payment.CancelReason = reason;
        payment.Undo(0, now);
        return payment;
    }

    /// <summary>What is announced from now on is a consequence of this.</summary>
    public Payment CausedBy(string? correlationId, string? causationId, string? traceParent)
    {
        (CorrelationId, CausationId, TraceParent) = (correlationId, causationId, traceParent);
        return this;
    }

    /// <returns>True when this answer decided it.</returns>
    public bool Settle(Answer answer, DateTimeOffset now)
    {
        if (Status is not PaymentStatus.PENDING)
            return false;
        SettledAt = now;
        Move(answer is Answer.Approved ? PaymentStatus.PROCESSED : PaymentStatus.FAILED, (answer as Answer.Declined)?.Reason, now);
        return true;
    }

    /// <summary>The order was cancelled: what was charged, or may have been, has to go back.</summary>
    /// <returns>False: nothing is left to do for it.</returns>
    public bool Cancel(string reason, DateTimeOffset now)
    {
        if (Status is not (PaymentStatus.PENDING or PaymentStatus.PROCESSED) || CancelReason is not null)
            return CancelReason is not null && UndoneAt is null;
        CancelReason = reason;
        Move(Status, Reason, now);
        return true;
    }

    /// <summary>The gateway has given back what there was, and will charge nothing.</summary>
    /// <returns>True when this call ended it.</returns>
    public bool Undo(decimal refunded, DateTimeOffset now)
    {
        if (UndoneAt is not null)
            return false;
        (UndoneAt, RefundedAmount) = (now, refunded);
        Move(refunded > 0 ? PaymentStatus.REFUNDED : PaymentStatus.CANCELLED, CancelReason, now);
        return true;
    }

    /// <summary>The gateway has not answered: nothing is known, and it is asked again by the same key.</summary>
    public void Postpone(TimeSpan wait, DateTimeOffset now) => (Attempts, RetryAt, Version) = (Attempts + 1, now + wait, Version + 1);

    void Move(PaymentStatus status, string? reason, DateTimeOffset now) =>
        (Status, Reason, UpdatedAt, Attempts, RetryAt, Version) = (status, reason, now, 0, null, Version + 1);
}
