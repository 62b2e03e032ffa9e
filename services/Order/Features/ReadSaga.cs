using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>Where the saga of an order stands, by the order's row.</summary>
/// <param name="WaitsFor">What others owe to it at present.</param>
public sealed record SagaResponse(string OrderId, string UserId, string Status, decimal TotalAmount, string? CancelReason, string? CancellationSource, string CorrelationId, DateTimeOffset CreatedAt,
    string? TraceId, IReadOnlyList<SagaStep> Steps, IReadOnlyList<string> WaitsFor);

/// <summary>A step that the saga took.</summary>
public sealed record SagaStep(string Name, DateTimeOffset Time);

/// <summary>Its steps: the row's times tell more than the workflow's history, which is deleted soon after the end.</summary>
public static class ReadSaga
{
    public const string Placed = "placed", CancelRequested = "cancel_requested", Paid = "paid", Fulfilled = "fulfilled", Cancelled = "cancelled", Closed = "closed";

    public static IReadOnlyList<string> Names { get; } = [Placed, CancelRequested, Paid, Fulfilled, Cancelled, Closed];

    public static async Task<Results<Ok<SagaResponse>, ProblemHttpResult>> One([FromRoute(Name = "order_id")] string orderId, OrderDb db, CancellationToken ct) =>
        await db.Orders.AsNoTracking().SingleOrDefaultAsync(o => o.OrderId == orderId, ct) is { } order
            ? TypedResults.Ok(ToResponse(order))
            : Problems.NotFound($"There is no order {orderId}.");

    static SagaResponse ToResponse(Order o) => new(o.OrderId, o.UserId, o.Status.ToString(), o.TotalAmount, o.CancelReason, o.CancellationSource, o.CorrelationId, o.CreatedAt,
        o.TraceParent?.Split('-').ElementAtOrDefault(1), [.. Steps(o).OrderBy(step => step.Time)], [.. WaitsFor(o.Owed)]);

    static IEnumerable<SagaStep> Steps(Order o)
    {
        (string Name, DateTimeOffset? Time)[] all =
        [
            (Placed, o.CreatedAt), (CancelRequested, o.CancelRequestedAt), (Paid, o.ConfirmedAt), (Cancelled, o.CancelledAt),
            (o.Status is OrderStatus.CANCELLED ? Closed : Fulfilled, o.ClosedAt),
        ];
        return all.Where(step => step.Time is not null).Select(step => new SagaStep(step.Name, step.Time!.Value));
    }

    static IEnumerable<string> WaitsFor(Owed owed)
    {
        if (owed.HasFlag(Owed.PaymentAnswer))
            yield return "payment_answer";
        if (owed.HasFlag(Owed.StockAnswer))
            yield return "stock_answer";
        if (owed.HasFlag(Owed.Refund))
            yield return "refund";
        if (owed.HasFlag(Owed.Release))
            yield return "release";
    }
}
