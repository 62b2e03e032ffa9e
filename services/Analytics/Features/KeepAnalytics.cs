using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>Keeps what the streaming jobs computed, one row per natural key: said again, it changes nothing, and an older word never covers a newer one.</summary>
public static class KeepAnalytics
{
    public static Task<Outcome> Revenue(CloudEvent<RevenueMetrics> e, AnalyticsDb db, IServiceProvider services, CancellationToken ct)
    {
        var (start, end, total, orders, average) = e.Data;
        return db.Keep(new RevenueWindow { AsOf = e.Time, WindowStart = start, WindowEnd = end, TotalRevenue = total, OrderCount = orders, AvgOrderValue = average }, ct, start);
    }

    public static Task<Outcome> Fraud(CloudEvent<FraudDetected> e, AnalyticsDb db, IServiceProvider services, CancellationToken ct)
    {
        var (user, order, type, severity, details, start, end) = e.Data;
        return Check.OneOf("severity", severity, Severities) is { } fault
            ? Task.FromResult(Outcome.Never(fault))
            : db.Keep(new FraudAlert { AsOf = e.Time, UserId = user, OrderId = order, AlertType = type, Severity = severity, Details = details, WindowStart = start, WindowEnd = end }, ct, user, type, start);
    }

    public static Task<Outcome> Abandonment(CloudEvent<CartAbandonment> e, AnalyticsDb db, IServiceProvider services, CancellationToken ct)
    {
        var (user, product, added, detected) = e.Data;
        return detected < added
            ? Task.FromResult(Outcome.Never("detected_at must not be before item_added_time"))
            : db.Keep(new AbandonedItem { AsOf = e.Time, UserId = user, ProductId = product, ItemAddedTime = added, DetectedAt = detected }, ct, user, product, added);
    }

    public static Task<Outcome> Velocity(CloudEvent<InventoryVelocity> e, AnalyticsDb db, IServiceProvider services, CancellationToken ct)
    {
        var (product, start, end, units, revenue) = e.Data;
        return db.Keep(new ProductVelocity { AsOf = e.Time, ProductId = product, WindowStart = start, WindowEnd = end, UnitsSold = units, Revenue = revenue }, ct, product, start);
    }

    public static Task<Outcome> Operations(CloudEvent<OperationalMetrics> e, AnalyticsDb db, IServiceProvider services, CancellationToken ct)
    {
        var (metric, topic, start, end, value, status) = e.Data;
        return Check.OneOf("status", status, Statuses) is { } fault
            ? Task.FromResult(Outcome.Never(fault))
            : db.Keep(new OperationalWindow { AsOf = e.Time, MetricName = metric, Topic = topic, WindowStart = start, WindowEnd = end, Value = value, Status = status }, ct, metric, topic, start);
    }

    static readonly IReadOnlyList<string> Severities = ["CRITICAL", "HIGH", "MEDIUM"], Statuses = ["HEALTHY", "WARNING", "CRITICAL"];

    static async Task<Outcome> Keep<T>(this AnalyticsDb db, T row, CancellationToken ct, params object[] key) where T : AnalyticsRow
    {
        if (await db.FindAsync<T>(key, ct) is not { } known)
            db.Add(row);
        else if (known.AsOf <= row.AsOf)
            db.Entry(known).CurrentValues.SetValues(row);
        return Outcome.Done;
    }
}
