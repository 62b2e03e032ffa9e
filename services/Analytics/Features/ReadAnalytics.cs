using System.Linq.Expressions;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>The query of every table: rows whose time is in [from, to), the newest first.</summary>
public sealed record TimeRange(DateTimeOffset? From = null, DateTimeOffset? To = null, int Limit = 100, int Offset = 0)
{
    public string? Fault() => this switch
    {
        { Limit: < 1 or > 1000 } or { Offset: < 0 } => "limit must be 1 to 1000, offset 0 or more.",
        { From: { } from, To: { } to } when from >= to => "to must be after from.",
        _ => null,
    };

    // PostgreSQL and SQLite both know no earlier and no later time than these.
    public DateTimeOffset Start => Clamp(From, Earliest);
    public DateTimeOffset End => Clamp(To, Latest);

    static readonly DateTimeOffset Earliest = new(1, 1, 2, 0, 0, 0, TimeSpan.Zero), Latest = new(9999, 12, 30, 0, 0, 0, TimeSpan.Zero);

    static DateTimeOffset Clamp(DateTimeOffset? time, DateTimeOffset otherwise)
    {
        var utc = (time ?? otherwise).ToUniversalTime();
        return utc < Earliest ? Earliest : utc > Latest ? Latest : utc;
    }
}

public sealed record AnalyticsPage<T>(IReadOnlyList<T> Rows, int TotalRows, int Limit, int Offset);

public sealed record RevenueResponse(DateTimeOffset WindowStart, DateTimeOffset WindowEnd, decimal TotalRevenue, long OrderCount, decimal AvgOrderValue);

public sealed record FraudResponse(string UserId, string? OrderId, string AlertType, string Severity, string Details, DateTimeOffset WindowStart, DateTimeOffset WindowEnd);

public sealed record AbandonmentResponse(string UserId, string ProductId, DateTimeOffset ItemAddedTime, DateTimeOffset DetectedAt);

public sealed record VelocityResponse(string ProductId, DateTimeOffset WindowStart, DateTimeOffset WindowEnd, long UnitsSold, decimal Revenue, int Rank);

public sealed record OperationsResponse(string MetricName, string Topic, DateTimeOffset WindowStart, DateTimeOffset WindowEnd, decimal Value, string Status);

public static class ReadAnalytics
{
    const int Fastest = 10;

    public static Task<Results<Ok<AnalyticsPage<RevenueResponse>>, ProblemHttpResult>> Revenue([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct) => range.Page(
        () => db.Revenue.AsNoTracking().Where(r => r.WindowStart >= range.Start && r.WindowStart < range.End).OrderByDescending(r => r.WindowStart),
        r => new RevenueResponse(r.WindowStart, r.WindowEnd, r.TotalRevenue, r.OrderCount, r.AvgOrderValue), ct);

    public static Task<Results<Ok<AnalyticsPage<FraudResponse>>, ProblemHttpResult>> Fraud([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct) => range.Page(
        () => db.FraudAlerts.AsNoTracking().Where(r => r.WindowStart >= range.Start && r.WindowStart < range.End).OrderByDescending(r => r.WindowStart).ThenBy(r => r.UserId).ThenBy(r => r.AlertType),
        r => new FraudResponse(r.UserId, r.OrderId, r.AlertType, r.Severity, r.Details, r.WindowStart, r.WindowEnd), ct);

    public static Task<Results<Ok<AnalyticsPage<AbandonmentResponse>>, ProblemHttpResult>> Abandonment([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct) => range.Page(
        () => db.Abandonment.AsNoTracking().Where(r => r.ItemAddedTime >= range.Start && r.ItemAddedTime < range.End).OrderByDescending(r => r.ItemAddedTime).ThenBy(r => r.UserId).ThenBy(r => r.ProductId),
        r => new AbandonmentResponse(r.UserId, r.ProductId, r.ItemAddedTime, r.DetectedAt), ct);

    /// <summary>The rank is dense: equals share one, and the next follows without a gap. It is counted here, because a stream cannot rank a window that is still open.</summary>
    public static Task<Results<Ok<AnalyticsPage<VelocityResponse>>, ProblemHttpResult>> Velocity([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct) => range.Page(
        () => db.Velocity.AsNoTracking().Where(r => r.WindowStart >= range.Start && r.WindowStart < range.End)
            .Select(r => new { Row = r, Rank = 1 + db.Velocity.Where(o => o.WindowStart == r.WindowStart && o.UnitsSold > r.UnitsSold).Select(o => o.UnitsSold).Distinct().Count() })
            .Where(r => r.Rank <= Fastest).OrderByDescending(r => r.Row.WindowStart).ThenBy(r => r.Rank).ThenBy(r => r.Row.ProductId),
        r => new VelocityResponse(r.Row.ProductId, r.Row.WindowStart, r.Row.WindowEnd, r.Row.UnitsSold, r.Row.Revenue, r.Rank), ct);

    public static Task<Results<Ok<AnalyticsPage<OperationsResponse>>, ProblemHttpResult>> Operations([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct) => range.Page(
        () => db.Operations.AsNoTracking().Where(r => r.WindowStart >= range.Start && r.WindowStart < range.End).OrderByDescending(r => r.WindowStart).ThenBy(r => r.Topic).ThenBy(r => r.MetricName),
        r => new OperationsResponse(r.MetricName, r.Topic, r.WindowStart, r.WindowEnd, r.Value, r.Status), ct);

    static async Task<Results<Ok<AnalyticsPage<TResponse>>, ProblemHttpResult>> Page<TRow, TResponse>(
        this TimeRange range, Func<IQueryable<TRow>> query, Expression<Func<TRow, TResponse>> respond, CancellationToken ct)
    {
        if (range.Fault() is { } fault)
            return Problems.Refused(fault);
        var rows = query();
        return TypedResults.Ok(new AnalyticsPage<TResponse>(
            await rows.Skip(range.Offset).Take(range.Limit).Select(respond).ToListAsync(ct), await rows.CountAsync(ct), range.Limit, range.Offset));
    }
}
