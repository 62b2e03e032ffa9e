using System.Linq.Expressions;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>A span of time, [from, to).</summary>
public record Span(DateTimeOffset? From = null, DateTimeOffset? To = null)
{
    // PostgreSQL and SQLite both know no earlier and no later time than these.
    public DateTimeOffset Start => Clamp(From, Earliest);
    public DateTimeOffset End => Clamp(To, Latest);

    static readonly DateTimeOffset Earliest = new(1, 1, 2, 0, 0, 0, TimeSpan.Zero), Latest = new(9999, 12, 30, 0, 0, 0, TimeSpan.Zero);

    public virtual string? Fault() => From is { } from && To is { } to && from >= to ? "to must be after from." : null;

    static DateTimeOffset Clamp(DateTimeOffset? time, DateTimeOffset otherwise)
    {
        var utc = (time ?? otherwise).ToUniversalTime();
        return utc < Earliest ? Earliest : utc > Latest ? Latest : utc;
    }
}

/// <summary>The query of every table: rows whose time is in [from, to), the newest first or the oldest (<c>order=asc</c>).</summary>
/// <param name="After">The <c>next</c> of the page before: it finds its place where rows have come meanwhile, and needs no counting.</param>
public sealed record TimeRange(DateTimeOffset? From = null, DateTimeOffset? To = null, int Limit = 100, int Offset = 0, string? Order = null, string? After = null) : Span(From, To)
{
    public const string Ascending = "asc", Descending = "desc";

    public static IReadOnlyList<string> Orders { get; } = [Descending, Ascending];

    public bool IsAscending => Order is Ascending;

    public override string? Fault() => this switch
    {
        { Limit: < 1 or > 1000 } or { Offset: < 0 } => "limit must be 1 to 1000, offset 0 or more.",
        { Order: not (null or Ascending or Descending) } => $"order must be one of {string.Join(", ", Orders)}.",
        { After: not null, Offset: > 0 } => "after and offset are two ways of one thing: give one.",
        _ => base.Fault(),
    };
}

/// <param name="Next">What to ask <c>after</c> for the next page; null: this is the last.</param>
public sealed record AnalyticsPage<T>(IReadOnlyList<T> Rows, int TotalRows, int Limit, int Offset, string? Next = null);

public sealed record RevenueResponse(DateTimeOffset WindowStart, DateTimeOffset WindowEnd, decimal TotalRevenue, long OrderCount, decimal AvgOrderValue);

public sealed record FraudResponse(string UserId, string? OrderId, string AlertType, string Severity, string Details, DateTimeOffset WindowStart, DateTimeOffset WindowEnd);

public sealed record AbandonmentResponse(string UserId, string ProductId, DateTimeOffset ItemAddedTime, DateTimeOffset DetectedAt);

public sealed record VelocityResponse(string ProductId, DateTimeOffset WindowStart, DateTimeOffset WindowEnd, long UnitsSold, decimal Revenue, int Rank);

public sealed record OperationsResponse(string MetricName, string Topic, DateTimeOffset WindowStart, DateTimeOffset WindowEnd, decimal Value, string Status);

/// <summary>Where a row stands in the order of its table.</summary>
sealed record Place(DateTimeOffset Time, int Rank = 0, string First = "", string Second = "");

public static class ReadAnalytics
{
    const int Fastest = 10;

    public static Task<Results<Ok<AnalyticsPage<RevenueResponse>>, ProblemHttpResult>> Revenue([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct, string? bucket = null) => bucket is null
        ? range.Page(
            () => db.Revenue.AsNoTracking().Where(r => r.WindowStart >= range.Start && r.WindowStart < range.End),
            (rows, place, up) => rows.Where(r => up ? r.WindowStart > place.Time : r.WindowStart < place.Time),
            (rows, up) => up ? rows.OrderBy(r => r.WindowStart) : rows.OrderByDescending(r => r.WindowStart),
            r => new RevenueResponse(r.WindowStart, r.WindowEnd, r.TotalRevenue, r.OrderCount, r.AvgOrderValue), r => new(r.WindowStart), ct)
        : BucketPage(range, bucket, db.Revenue, (from, to, size) => RevenueIn(db, from, to, size, ct), ct);

    public static Task<Results<Ok<AnalyticsPage<FraudResponse>>, ProblemHttpResult>> Fraud([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct) => range.Page(
        () => db.FraudAlerts.AsNoTracking().Where(r => r.WindowStart >= range.Start && r.WindowStart < range.End),
        (rows, place, up) => rows.Where(r => (up ? r.WindowStart > place.Time : r.WindowStart < place.Time)
            || r.WindowStart == place.Time && (string.Compare(r.UserId, place.First) > 0 || r.UserId == place.First && string.Compare(r.AlertType, place.Second) > 0)),
        (rows, up) => (up ? rows.OrderBy(r => r.WindowStart) : rows.OrderByDescending(r => r.WindowStart)).ThenBy(r => r.UserId).ThenBy(r => r.AlertType),
        r => new FraudResponse(r.UserId, r.OrderId, r.AlertType, r.Severity, r.Details, r.WindowStart, r.WindowEnd), r => new(r.WindowStart, 0, r.UserId, r.AlertType), ct);

    public static Task<Results<Ok<AnalyticsPage<AbandonmentResponse>>, ProblemHttpResult>> Abandonment([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct) => range.Page(
        () => db.Abandonment.AsNoTracking().Where(r => r.ItemAddedTime >= range.Start && r.ItemAddedTime < range.End),
        (rows, place, up) => rows.Where(r => (up ? r.ItemAddedTime > place.Time : r.ItemAddedTime < place.Time)
            || r.ItemAddedTime == place.Time && (string.Compare(r.UserId, place.First) > 0 || r.UserId == place.First && string.Compare(r.ProductId, place.Second) > 0)),
        (rows, up) => (up ? rows.OrderBy(r => r.ItemAddedTime) : rows.OrderByDescending(r => r.ItemAddedTime)).ThenBy(r => r.UserId).ThenBy(r => r.ProductId),
        r => new AbandonmentResponse(r.UserId, r.ProductId, r.ItemAddedTime, r.DetectedAt), r => new(r.ItemAddedTime, 0, r.UserId, r.ProductId), ct);

    public static Task<Results<Ok<AnalyticsPage<VelocityResponse>>, ProblemHttpResult>> Velocity([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct) => range.Page(
        () => Ranked(db, db.Velocity.Where(r => r.WindowStart >= range.Start && r.WindowStart < range.End)),
        (rows, place, up) => rows.Where(r => (up ? r.WindowStart > place.Time : r.WindowStart < place.Time)
            || r.WindowStart == place.Time && (r.Rank > place.Rank || r.Rank == place.Rank && string.Compare(r.ProductId, place.First) > 0)),
        (rows, up) => (up ? rows.OrderBy(r => r.WindowStart) : rows.OrderByDescending(r => r.WindowStart)).ThenBy(r => r.Rank).ThenBy(r => r.ProductId),
        r => new VelocityResponse(r.ProductId, r.WindowStart, r.WindowEnd, r.UnitsSold, r.Revenue, r.Rank), r => new(r.WindowStart, r.Rank, r.ProductId), ct);

    public static Task<Results<Ok<AnalyticsPage<OperationsResponse>>, ProblemHttpResult>> Operations([AsParameters] TimeRange range, AnalyticsDb db, CancellationToken ct, string? bucket = null) => bucket is null
        ? range.Page(
            () => db.Operations.AsNoTracking().Where(r => r.WindowStart >= range.Start && r.WindowStart < range.End),
            (rows, place, up) => rows.Where(r => (up ? r.WindowStart > place.Time : r.WindowStart < place.Time)
                || r.WindowStart == place.Time && (string.Compare(r.Topic, place.First) > 0 || r.Topic == place.First && string.Compare(r.MetricName, place.Second) > 0)),
            (rows, up) => (up ? rows.OrderBy(r => r.WindowStart) : rows.OrderByDescending(r => r.WindowStart)).ThenBy(r => r.Topic).ThenBy(r => r.MetricName),
            r => new OperationsResponse(r.MetricName, r.Topic, r.WindowStart, r.WindowEnd, r.Value, r.Status), r => new(r.WindowStart, 0, r.Topic, r.MetricName), ct)
        : BucketPage(range, bucket, db.Operations, (from, to, size) => OperationsIn(db, from, to, size, ct), ct);

    /// <summary>Sums side by side without a gap, the oldest first.</summary>
    public static async Task<IReadOnlyList<RevenueResponse>> RevenueIn(AnalyticsDb db, DateTimeOffset from, DateTimeOffset to, TimeSpan size, CancellationToken ct)
    {
        var (start, end) = (Buckets.Floor(from, size), Buckets.Ceiling(to, size));
        var rows = await db.Revenue.Where(r => r.WindowStart >= start && r.WindowStart < end).Select(r => new { r.WindowStart, r.TotalRevenue, r.OrderCount }).ToListAsync(ct);
        var sums = rows.ToLookup(r => Buckets.Floor(r.WindowStart, size));
        return [.. Buckets.Between(start, end, size).Select(bucket =>
        {
            var (total, count) = (sums[bucket].Sum(r => r.TotalRevenue), sums[bucket].Sum(r => r.OrderCount));
            return new RevenueResponse(bucket, bucket + size, total, count, count == 0 ? 0 : decimal.Round(total / count, 2));
        })];
    }

    /// <summary>The same for each topic; a bucket is as bad as its worst minute.</summary>
    public static async Task<IReadOnlyList<OperationsResponse>> OperationsIn(AnalyticsDb db, DateTimeOffset from, DateTimeOffset to, TimeSpan size, CancellationToken ct)
    {
        var (start, end) = (Buckets.Floor(from, size), Buckets.Ceiling(to, size));
        var rows = await db.Operations.AsNoTracking().Where(r => r.WindowStart >= start && r.WindowStart < end).ToListAsync(ct);
        var sums = rows.ToLookup(r => (r.Topic, r.MetricName, Start: Buckets.Floor(r.WindowStart, size)));
        var shown = rows.Select(r => (r.Topic, r.MetricName)).Distinct().Order().ToList();
        return [.. Buckets.Between(start, end, size).SelectMany(bucket => shown.Select(of =>
        {
            var sum = sums[(of.Topic, of.MetricName, bucket)];
            return new OperationsResponse(of.MetricName, of.Topic, bucket, bucket + size, sum.Sum(r => r.Value), sum.Select(r => r.Status).DefaultIfEmpty(FlowRules.Healthy).MaxBy(Badness)!);
        }))];
    }

    public static async Task<IReadOnlyList<VelocityResponse>> FastestNow(AnalyticsDb db, CancellationToken ct)
    {
        var last = await db.Velocity.MaxAsync(r => (DateTimeOffset?)r.WindowStart, ct);
        return [.. (await Ranked(db, db.Velocity.Where(r => r.WindowStart == last)).OrderBy(r => r.Rank).ThenBy(r => r.ProductId).ToListAsync(ct))
            .Select(r => new VelocityResponse(r.ProductId, r.WindowStart, r.WindowEnd, r.UnitsSold, r.Revenue, r.Rank))];
    }

    public static async Task<IReadOnlyList<FraudResponse>> NewestAlerts(AnalyticsDb db, int most, CancellationToken ct) =>
        await db.FraudAlerts.OrderByDescending(r => r.WindowStart).ThenBy(r => r.UserId).ThenBy(r => r.AlertType).Take(most)
            .Select(r => new FraudResponse(r.UserId, r.OrderId, r.AlertType, r.Severity, r.Details, r.WindowStart, r.WindowEnd)).ToListAsync(ct);

    public static async Task<IReadOnlyList<AbandonmentResponse>> NewestAbandoned(AnalyticsDb db, int most, CancellationToken ct) =>
        await db.Abandonment.OrderByDescending(r => r.ItemAddedTime).ThenBy(r => r.UserId).ThenBy(r => r.ProductId).Take(most)
            .Select(r => new AbandonmentResponse(r.UserId, r.ProductId, r.ItemAddedTime, r.DetectedAt)).ToListAsync(ct);

    static int Badness(string status) => status is FlowRules.Critical ? 2 : status is FlowRules.Warning ? 1 : 0;

    sealed class RankedProduct
    {
        public required string ProductId { get; init; }
        public required DateTimeOffset WindowStart { get; init; }
        public required DateTimeOffset WindowEnd { get; init; }
        public required long UnitsSold { get; init; }
        public required decimal Revenue { get; init; }
        public required int Rank { get; init; }
    }

    /// <summary>The rank is dense: equals share one, and the next follows without a gap. It is counted here, because a stream cannot rank a window that is still open.</summary>
    static IQueryable<RankedProduct> Ranked(AnalyticsDb db, IQueryable<ProductVelocity> rows) => rows
        .Select(r => new RankedProduct
        {
            ProductId = r.ProductId,
            WindowStart = r.WindowStart,
            WindowEnd = r.WindowEnd,
            UnitsSold = r.UnitsSold,
            Revenue = r.Revenue,
            Rank = 1 + db.Velocity.Where(o => o.WindowStart == r.WindowStart && o.UnitsSold > r.UnitsSold).Select(o => o.UnitsSold).Distinct().Count(),
        })
        .Where(r => r.Rank <= Fastest);

    static async Task<Results<Ok<AnalyticsPage<TResponse>>, ProblemHttpResult>> Page<TRow, TResponse>(
        this TimeRange range, Func<IQueryable<TRow>> query, Func<IQueryable<TRow>, Place, bool, IQueryable<TRow>> after, Func<IQueryable<TRow>, bool, IQueryable<TRow>> order,
        Expression<Func<TRow, TResponse>> respond, Func<TResponse, Place> placeOf, CancellationToken ct)
    {
        var place = range.After is null ? null : Cursor.Read<Place>(range.After);
        if ((range.Fault() ?? (range.After is not null && place is null ? Cursor.Fault : null)) is { } fault)
            return Problems.Refused(fault);
        var all = query();
        var rows = order(place is null ? all : after(all, place, range.IsAscending), range.IsAscending);
        var page = await rows.Skip(range.Offset).Take(range.Limit + 1).Select(respond).ToListAsync(ct);
        var next = page.Count > range.Limit ? Cursor.Write(placeOf(page[range.Limit - 1])) : null;
        return TypedResults.Ok(new AnalyticsPage<TResponse>([.. page.Take(range.Limit)], await all.CountAsync(ct), range.Limit, range.Offset, next));
    }

    /// <summary>A page of buckets: of the range, and where it has no bound of what the table holds.</summary>
    /// <param name="read">The rows of the buckets in [from, to), the oldest first.</param>
    static async Task<Results<Ok<AnalyticsPage<TResponse>>, ProblemHttpResult>> BucketPage<TRow, TResponse>(
        TimeRange range, string name, DbSet<TRow> table, Func<DateTimeOffset, DateTimeOffset, TimeSpan, Task<IReadOnlyList<TResponse>>> read, CancellationToken ct) where TRow : AnalyticsRow
    {
        if (range.Fault() is { } fault)
            return Problems.Refused(fault);
        if (Buckets.Size(name) is not { } size)
            return Problems.Refused($"bucket must be one of {string.Join(", ", Buckets.Names)}.");
        if (range.After is not null)
            return Problems.Refused("after is for rows; buckets have an offset.");
        var times = table.Select(r => EF.Property<DateTimeOffset>(r, "WindowStart"));
        var (from, to) = (range.From is null ? await times.MinAsync(time => (DateTimeOffset?)time, ct) : range.Start, range.To is null ? (await times.MaxAsync(time => (DateTimeOffset?)time, ct))?.AddTicks(1) : range.End);
        if (from is not { } first || to is not { } end || first >= end)
            return TypedResults.Ok(new AnalyticsPage<TResponse>([], 0, range.Limit, range.Offset));
        if ((end - first) / size > Buckets.Most)
            return Problems.Refused($"These are more than {Buckets.Most} buckets: ask for a shorter time, or for larger ones.");
        var rows = await read(first, end, size);
        return TypedResults.Ok(new AnalyticsPage<TResponse>([.. (range.IsAscending ? rows : rows.Reverse()).Skip(range.Offset).Take(range.Limit)], rows.Count, range.Limit, range.Offset));
    }
}
