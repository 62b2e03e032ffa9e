using System.Diagnostics.Metrics;
using System.Linq.Expressions;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>How many open orders are owed what, and since when at most; told by the replica that reconciles.</summary>
public sealed class OwedMetrics : PeriodicService
{
    /// <summary><see cref="Order.Owed"/> as the database asks it of an open order. Who is owed nothing by others waits for its saga's next step.</summary>
    public static readonly IReadOnlyDictionary<Owed, Expression<Func<Order, bool>>> Kinds = new Dictionary<Owed, Expression<Func<Order, bool>>>
    {
        [Owed.PaymentAnswer] = o => o.Status == OrderStatus.PENDING && o.PaidAmount == null && o.PaymentFailure == null,
        [Owed.StockAnswer] = o => o.Status == OrderStatus.PAID && o.StockReservedAt == null && o.DepletedProductId == null,
        [Owed.Refund] = o => o.Status == OrderStatus.CANCELLED && o.PaymentFailure == null && o.RefundedAmount == null,
        [Owed.Release] = o => o.Status == OrderStatus.CANCELLED && o.ConfirmedAt != null && o.DepletedProductId == null && o.StockReleasedAt == null,
        [Owed.Nothing] = o => o.Status == OrderStatus.PENDING && (o.PaidAmount != null || o.PaymentFailure != null)
            || o.Status == OrderStatus.PAID && (o.StockReservedAt != null || o.DepletedProductId != null)
            || o.Status == OrderStatus.CANCELLED && (o.PaymentFailure != null || o.RefundedAmount != null) && (o.ConfirmedAt == null || o.DepletedProductId != null || o.StockReleasedAt != null),
    };

    readonly IServiceScopeFactory scopes;
    readonly PostgresLine line;

    /// <summary>While they cannot be read the last figures stay, and grow: what is owed has an age.</summary>
    volatile IReadOnlyList<(Owed What, int Orders, DateTimeOffset? Since)> owed = [];

    public OwedMetrics(IServiceScopeFactory scopes, PostgresLine line, Metrics metrics, TimeProvider clock) : base(TimeSpan.FromSeconds(5), clock)
    {
        (this.scopes, this.line) = (scopes, line);
        metrics.Meter.CreateObservableGauge("ecom_orders_owed", () => owed.Select(o => new Measurement<int>(o.Orders, Tag(o.What))), description: "Open orders to which an answer, a refund, a release or a saga's step is owed");
        metrics.Meter.CreateObservableGauge("ecom_orders_owed_seconds", () => owed.Select(o => new Measurement<double>(o.Since is { } since ? (clock.GetUtcNow() - since).TotalSeconds : 0, Tag(o.What))),
            description: "For how long at most");
    }

    protected override async Task Work(CancellationToken ct)
    {
        List<(Owed, int, DateTimeOffset?)> counts = [];
        if (line.Leads(Reconciler.Queue))
        {
            await using var scope = scopes.CreateAsyncScope();
            var open = scope.ServiceProvider.GetRequiredService<OrderDb>().Orders.Where(o => o.ClosedAt == null);
            foreach (var (what, isOwed) in Kinds)
                counts.Add((what, await open.CountAsync(isOwed, ct), await open.Where(isOwed).MinAsync(o => (DateTimeOffset?)o.UpdatedAt, ct)));
        }
        owed = counts;
    }

    static KeyValuePair<string, object?> Tag(Owed what) => new("owed", what switch
    {
        Owed.PaymentAnswer => "payment_answer",
        Owed.StockAnswer => "stock_answer",
        Owed.Refund => "refund",
        Owed.Release => "release",
        _ => "saga",
    });
}
