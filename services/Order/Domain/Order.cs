using Ecom.Contracts;

namespace Ecom.Orders;

public enum OrderStatus { PENDING, PAID, FULFILLED, CANCELLED }

/// <summary>What others owe to an open order: payment and inventory their answers, and that what they did is undone.</summary>
[Flags]
public enum Owed { Nothing = 0, PaymentAnswer = 1, StockAnswer = 2, Refund = 4, Release = 8 }

/// <summary>A line of an order, at the price of the checkout.</summary>
public sealed class OrderItem
{
    public string OrderId { get; private set; } = "";
    public string ProductId { get; private set; } = "";
    public int Quantity { get; private set; }
    public decimal Price { get; private set; }
    public decimal ItemTotal { get; private set; }

    public static OrderItem Of(OrderLine line) => new() { ProductId = line.ProductId, Quantity = line.Quantity, Price = line.Price, ItemTotal = line.ItemTotal };

    public OrderLine ToLine() => new(ProductId, Quantity, Price, ItemTotal);
}

/// <summary>
/// An order: what was bought, what is known about its payment and its stock, where it stands, and what is owed to it.
/// Facts are recorded whenever they come; the status moves only forward, by the saga's decisions, and never leaves FULFILLED or CANCELLED.
/// </summary>
public sealed class Order
{
    public string OrderId { get; private set; } = "";
    public string UserId { get; private set; } = "";
    public OrderStatus Status { get; private set; }
    public decimal TotalAmount { get; private set; }
    public string CorrelationId { get; private set; } = "";
    public string? PaymentToken { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }
    public List<OrderItem> Items { get; private set; } = [];

    public string? PaymentId { get; private set; }
    public decimal? PaidAmount { get; private set; }
    public string? PaymentFailure { get; private set; }
    public decimal? RefundedAmount { get; private set; }
    public DateTimeOffset? StockReservedAt { get; private set; }
    public DateTimeOffset? StockReleasedAt { get; private set; }
    public string? DepletedProductId { get; private set; }

    public DateTimeOffset? CancelRequestedAt { get; private set; }
    public string? CancelReason { get; private set; }
    public string? CancellationSource { get; private set; }

    public DateTimeOffset? ConfirmedAt { get; private set; }
    public DateTimeOffset? CancelledAt { get; private set; }

    /// <summary>The end: fulfilled, or cancelled with all that was done undone.</summary>
    public DateTimeOffset? ClosedAt { get; private set; }

    /// <summary>The span in which it was placed: whatever the saga decides later belongs to the same trace.</summary>
    public string? TraceParent { get; private set; }

    /// <summary>When it was last changed, or looked at by <see cref="Reconciler"/>.</summary>
    public DateTimeOffset LookedAt { get; private set; }

    /// <summary>When it was last changed, or who owes something was asked again.</summary>
    public DateTimeOffset AskedAt { get; private set; }

    /// <summary>How long it has waited for its present answer, in milliseconds, of the time in which the answer could have come.</summary>
    public long WaitedMs { get; private set; }

    public bool IsEnded => ClosedAt is not null;

    /// <summary>What others owe to this order at present.</summary>
    public Owed Owed => Status switch
    {
        OrderStatus.PENDING when PaidAmount is null && PaymentFailure is null => Owed.PaymentAnswer,
        OrderStatus.PAID when StockReservedAt is null && DepletedProductId is null => Owed.StockAnswer,
        OrderStatus.CANCELLED => (OwesRefund ? Owed.Refund : Owed.Nothing) | (OwesRelease ? Owed.Release : Owed.Nothing),
        _ => Owed.Nothing,
    };

    /// <summary>Until payment has said that nothing is charged, or that it is back, nobody knows.</summary>
    bool OwesRefund => PaymentFailure is null && RefundedAmount is null;

    /// <summary>Inventory was asked, and has not said that it holds nothing for this order.</summary>
    bool OwesRelease => ConfirmedAt is not null && DepletedProductId is null && StockReleasedAt is null;

    bool MayGoOn => CancelRequestedAt is null;

    public static Order Place(CheckoutInitiated checkout, string correlationId, string? traceParent, DateTimeOffset now) => new()
    {
        OrderId = checkout.OrderId,
        UserId = checkout.UserId,
        TotalAmount = checkout.TotalAmount,
        CorrelationId = correlationId,
        PaymentToken = checkout.PaymentToken,
        TraceParent = traceParent,
        CreatedAt = now,
        UpdatedAt = now,
        LookedAt = now,
        AskedAt = now,
        Items = [.. checkout.Items.Select(OrderItem.Of)],
    };

    public void Record(PaymentProcessed fact, DateTimeOffset now)
    {
        (PaymentId, PaidAmount) = (fact.PaymentId, fact.Amount);
        Changed(now);
    }

    public void Record(PaymentFailed fact, DateTimeOffset now)
    {
        PaymentFailure = fact.Reason;
        Changed(now);
    }

    public void Record(PaymentRefunded fact, DateTimeOffset now)
    {
        // The refund may overtake the payment's own event. A refund of nothing says that nothing was charged, and nothing will be.
        PaymentId = fact.PaymentId;
        PaidAmount ??= fact.Amount;
        RefundedAmount = fact.Amount;
        Changed(now);
    }

    public void RecordReserved(DateTimeOffset now)
    {
        StockReservedAt = now;
        Changed(now);
    }

    public void RecordReleased(DateTimeOffset now)
    {
        StockReleasedAt = now;
        Changed(now);
    }

    public void RecordDepleted(string productId, DateTimeOffset now)
    {
        DepletedProductId ??= productId;
        Changed(now);
    }

    /// <summary>Asked twice it is answered twice alike, also when the order was cancelled in between.</summary>
    /// <returns>False: the order was fulfilled, or has been cancelled for another reason.</returns>
    public bool RequestCancellation(DateTimeOffset now)
    {
        if (CancelRequestedAt is not null && Status is not OrderStatus.FULFILLED)
            return true;
        if (Status is OrderStatus.FULFILLED or OrderStatus.CANCELLED)
            return false;
        CancelRequestedAt = now;
        Changed(now);
        return true;
    }

    /// <returns>True when this call moved the order to PAID; false when it already was there, or may not go on.</returns>
    public bool Confirm(DateTimeOffset now)
    {
        if (!MayGoOn || !Move(OrderStatus.PENDING, OrderStatus.PAID, now))
            return false;
        ConfirmedAt = now;
        return true;
    }

    /// <returns>True when this call fulfilled the order.</returns>
    public bool Fulfil(DateTimeOffset now)
    {
        if (!MayGoOn || !Move(OrderStatus.PAID, OrderStatus.FULFILLED, now))
            return false;
        ClosedAt = now;
        return true;
    }

    /// <returns>True when this call cancelled the order.</returns>
    public bool Cancel(string source, string reason, DateTimeOffset now)
    {
        if (!Move(OrderStatus.PENDING, OrderStatus.CANCELLED, now) && !Move(OrderStatus.PAID, OrderStatus.CANCELLED, now))
            return false;
        (CancellationSource, CancelReason, CancelledAt) = (source, reason, now);
        return true;
    }

    /// <returns>True when this call closed the cancelled order: nothing of it is owed any more.</returns>
    public bool Close(DateTimeOffset now)
    {
        if (Status is not OrderStatus.CANCELLED || IsEnded || Owed is not Owed.Nothing)
            return false;
        ClosedAt = now;
        Changed(now);
        return true;
    }

    /// <summary>The reconciler has looked at it. What passes while who owes the answer cannot give it is no waiting.</summary>
    /// <param name="waited">How much longer it has waited in vain.</param>
    /// <param name="asked">Whether it is asked again now.</param>
    public void Looked(TimeSpan waited, bool asked, DateTimeOffset now)
    {
        LookedAt = now;
        WaitedMs += (long)waited.TotalMilliseconds;
        if (asked)
            AskedAt = now;
    }

    bool Move(OrderStatus from, OrderStatus to, DateTimeOffset now)
    {
        if (Status != from)
            return false;
        (Status, WaitedMs) = (to, 0);
        Changed(now);
        return true;
    }

    void Changed(DateTimeOffset now) => (UpdatedAt, LookedAt, AskedAt) = (now, now, now);
}
