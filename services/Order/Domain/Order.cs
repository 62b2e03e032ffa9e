using Ecom.Contracts;

namespace Ecom.Orders;

public enum OrderStatus { PENDING, PAID, FULFILLED, CANCELLED }

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
/// An order: what was bought, what is known about its payment and its stock, and where it stands.
/// Facts are recorded whenever they come; the status moves only forward, by the saga's decisions, and never leaves FULFILLED or CANCELLED.
/// </summary>
public sealed class Order
{
    public string OrderId { get; private set; } = "";
    public string UserId { get; private set; } = "";
    public OrderStatus Status { get; private set; }
    public decimal TotalAmount { get; private set; }
    public string CorrelationId { get; private set; } = "";
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

    /// <summary>The end: fulfilled, or cancelled with the money back.</summary>
    public DateTimeOffset? ClosedAt { get; private set; }

    public bool IsEnded => ClosedAt is not null;

    /// <summary>Money was taken that has not come back.</summary>
    public bool IsCharged => PaidAmount is not null && RefundedAmount is null;

    bool MayGoOn => CancelRequestedAt is null;

    public static Order Place(CheckoutInitiated checkout, string correlationId, DateTimeOffset now) => new()
    {
        OrderId = checkout.OrderId,
        UserId = checkout.UserId,
        TotalAmount = checkout.TotalAmount,
        CorrelationId = correlationId,
        CreatedAt = now,
        UpdatedAt = now,
        Items = [.. checkout.Items.Select(OrderItem.Of)],
    };

    public void Record(PaymentProcessed fact, DateTimeOffset now)
    {
        (PaymentId, PaidAmount) = (fact.PaymentId, fact.Amount);
        UpdatedAt = now;
    }

    public void Record(PaymentFailed fact, DateTimeOffset now)
    {
        PaymentFailure = fact.Reason;
        UpdatedAt = now;
    }

    public void Record(PaymentRefunded fact, DateTimeOffset now)
    {
        // The refund may overtake the payment's own event.
        PaymentId = fact.PaymentId;
        PaidAmount ??= fact.Amount;
        RefundedAmount = fact.Amount;
        UpdatedAt = now;
    }

    public void RecordReserved(DateTimeOffset now) => UpdatedAt = (StockReservedAt = now).Value;

    public void RecordReleased(DateTimeOffset now) => UpdatedAt = (StockReleasedAt = now).Value;

    public void RecordDepleted(string productId, DateTimeOffset now)
    {
        DepletedProductId ??= productId;
        UpdatedAt = now;
    }

    /// <returns>False when the order has ended: too late.</returns>
    public bool RequestCancellation(DateTimeOffset now)
    {
        if (Status is OrderStatus.FULFILLED or OrderStatus.CANCELLED)
            return false;
        UpdatedAt = (CancelRequestedAt ??= now);
        return true;
    }

    /// <returns>True when this call moved the order to PAID; false when it already was there, or may not go on.</returns>
    public bool Confirm(DateTimeOffset now) => MayGoOn && Move(OrderStatus.PENDING, OrderStatus.PAID, now);

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
        (CancellationSource, CancelReason) = (source, reason);
        return true;
    }

    /// <returns>True when this call closed the cancelled order: nothing of it is owed any more.</returns>
    public bool Close(DateTimeOffset now)
    {
        if (Status is not OrderStatus.CANCELLED || IsEnded || IsCharged)
            return false;
        UpdatedAt = (ClosedAt = now).Value;
        return true;
    }

    bool Move(OrderStatus from, OrderStatus to, DateTimeOffset now)
    {
        if (Status != from)
            return false;
        (Status, UpdatedAt) = (to, now);
        return true;
    }
}
