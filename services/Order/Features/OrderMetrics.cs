using System.Diagnostics.Metrics;
using Ecom.Hosting;

namespace Ecom.Orders;

/// <summary>The shop's own figures: how orders end, how long that takes, and what had to be undone.</summary>
public sealed class OrderMetrics(Metrics metrics)
{
    readonly Counter<long> ended = metrics.Meter.CreateCounter<long>("ecom_orders_ended", description: "Orders that were fulfilled, or cancelled and undone");
    readonly Histogram<double> seconds = metrics.Duration("ecom_saga_duration_seconds", "From the order's placing to its end");
    readonly Counter<long> compensations = metrics.Meter.CreateCounter<long>("ecom_compensations", description: "Cancelled orders whose money or stock had to be given back");

    /// <summary>After a decision's commit.</summary>
    /// <param name="before">What the order was before it.</param>
    public void Count(Order order, (OrderStatus Status, bool IsEnded) before)
    {
        if (order.Status is OrderStatus.CANCELLED && before.Status is not OrderStatus.CANCELLED && order.Owed is not Owed.Nothing)
            compensations.Add(1, new KeyValuePair<string, object?>("source", order.CancellationSource));
        if (before.IsEnded || order.ClosedAt is not { } closed)
            return;
        var outcome = new KeyValuePair<string, object?>("outcome", order.CancellationSource ?? "fulfilled");
        ended.Add(1, outcome);
        seconds.Record((closed - order.CreatedAt).TotalSeconds, outcome);
    }
}
