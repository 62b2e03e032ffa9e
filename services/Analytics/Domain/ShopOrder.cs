using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>Where an order stands, as order-service names it.</summary>
public enum OrderState { PENDING, PAID, FULFILLED, CANCELLED }

/// <summary>
/// What the journal's events say of an order. Each says a part, and in whatever order and however often the parts come, together they are the same:
/// so that two rows are one row.
/// </summary>
public sealed record ShopOrder
{
    public required string OrderId { get; init; }

    /// <summary>Null: the events that tell it have not come yet; so are the others.</summary>
    public string? UserId { get; init; }
    public required OrderState State { get; init; }
    public decimal? TotalAmount { get; init; }
    public int? Items { get; init; }

    /// <summary>Why it was cancelled, and on whose account (<see cref="CancellationSources"/>).</summary>
    public string? Reason { get; init; }
    public string? CancellationSource { get; init; }
    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>The time of its newest event.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When the customer could be told how it ended: it was fulfilled, or cancelled and all undone.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    public string? CorrelationId { get; init; }
    public string? TraceParent { get; init; }

    /// <returns>Null: the event is about no order, or says nothing of where it stands.</returns>
    public static ShopOrder? Of<T>(CloudEvent<T> e) where T : IEvent
    {
        if (e.Data is not IAboutOrder { OrderId: { } orderId } || e.Data is FraudDetected)
            return null;
        var known = new ShopOrder
        {
            OrderId = orderId,
            UserId = Summaries.UserOf(e.Data),
            State = OrderState.PENDING,
            PlacedAt = Ids.TimeOfOrder(orderId) ?? e.Time,
            UpdatedAt = e.Time,
            CorrelationId = e.CorrelationId is { Length: <= 200 } id ? id : null,
        };
        return (object)e.Data switch
        {
            CheckoutInitiated fact => known with { TotalAmount = fact.TotalAmount, Items = fact.Items.Sum(line => line.Quantity), TraceParent = e.TraceParent is { Length: <= 200 } trace && !trace.Contains('\0') ? trace : null },
            OrderCreated fact => known with { TotalAmount = fact.TotalAmount, Items = fact.Items.Sum(line => line.Quantity) },
            OrderConfirmed => known with { State = OrderState.PAID },
            OrderCancelled fact => known with { State = OrderState.CANCELLED, Reason = fact.Reason, CancellationSource = fact.CancellationSource },
            NotificationSend { NotificationType: NotificationTypes.OrderFulfilled } => known with { State = OrderState.FULFILLED, EndedAt = e.Time },
            NotificationSend fact => known with { State = OrderState.CANCELLED, EndedAt = e.Time, Reason = fact.Data.Reason, CancellationSource = fact.Data.CancellationSource },
            _ => known,
        };
    }

    /// <summary>Both together. The table's own <c>ON CONFLICT</c> says the same (<see cref="AnalyticsDb"/>).</summary>
    public ShopOrder And(ShopOrder other) => this with
    {
        UserId = UserId ?? other.UserId,
        State = State > other.State ? State : other.State,
        TotalAmount = TotalAmount ?? other.TotalAmount,
        Items = Items ?? other.Items,
        Reason = Reason ?? other.Reason,
        CancellationSource = CancellationSource ?? other.CancellationSource,
        PlacedAt = PlacedAt < other.PlacedAt ? PlacedAt : other.PlacedAt,
        UpdatedAt = UpdatedAt > other.UpdatedAt ? UpdatedAt : other.UpdatedAt,
        EndedAt = EndedAt ?? other.EndedAt,
        CorrelationId = CorrelationId ?? other.CorrelationId,
        TraceParent = TraceParent ?? other.TraceParent,
    };
}
