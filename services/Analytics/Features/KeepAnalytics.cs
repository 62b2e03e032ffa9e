using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>Keeps what the Spark jobs computed, one row per natural key.</summary>
public static class KeepAnalytics
{
    public static Task<Outcome> Revenue(CloudEvent<RevenueMetrics> e, AnalyticsDb db, CancellationToken ct)
    {
        var (start, end, total, orders, average) = e.Data;
        return Keep(db, new RevenueWindow { AsOf = e.Time, WindowStart = start, WindowEnd = end, TotalRevenue = total, OrderCount = orders, AvgOrderValue = average }, ct);
    }

    public static Task<Outcome> Fraud(CloudEvent<FraudDetected> e, AnalyticsDb db, CancellationToken ct)
    {
        var (user, order, type, severity, details, start, end) = e.Data;
        return Check.OneOf("severity", severity, FraudRules.Severities) is { } fault
            ? Task.FromResult(Outcome.Never(fault))
            : Keep(db, new FraudAlert { AsOf = e.Time, UserId = user, OrderId = order, AlertType = type, Severity = severity, Details = details, WindowStart = start, WindowEnd = end }, ct);
    }

    public static Task<Outcome> Abandonment(CloudEvent<CartAbandonment> e, AnalyticsDb db, CancellationToken ct)
    {
        var (user, product, added, detected) = e.Data;
        return detected < added
            ? Task.FromResult(Outcome.Never("detected_at must not be before item_added_time"))
            : Keep(db, new AbandonedItem { AsOf = e.Time, UserId = user, ProductId = product, ItemAddedTime = added, DetectedAt = detected }, ct);
    }

    public static Task<Outcome> Velocity(CloudEvent<InventoryVelocity> e, AnalyticsDb db, CancellationToken ct)
    {
        var (product, start, end, units, revenue) = e.Data;
        return Keep(db, new ProductVelocity { AsOf = e.Time, ProductId = product, WindowStart = start, WindowEnd = end, UnitsSold = units, Revenue = revenue }, ct);
    }

    public static Task<Outcome> Operations(CloudEvent<OperationalMetrics> e, AnalyticsDb db, CancellationToken ct)
    {
        var (metric, topic, start, end, value, status) = e.Data;
        return Check.OneOf("status", status, FlowRules.Statuses) is { } fault
            ? Task.FromResult(Outcome.Never(fault))
            : Keep(db, new OperationalWindow { AsOf = e.Time, MetricName = metric, Topic = topic, WindowStart = start, WindowEnd = end, Value = value, Status = status }, ct);
    }

    static async Task<Outcome> Keep(AnalyticsDb db, AnalyticsRow row, CancellationToken ct)
    {
        await db.Keep(row, ct);
        return Outcome.Done;
    }
}
