using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <param name="AvgOrderValue">Of the paid orders.</param>
public sealed record RevenueTotals(decimal TotalRevenue, long OrderCount, decimal AvgOrderValue);

/// <param name="Count">How many were cancelled on whose account.</param>
public sealed record CancellationCount(string CancellationSource, int Count);

/// <summary>The orders that were placed, by where they stand.</summary>
public sealed record OrderOutcomes(int Total, int Pending, int Paid, int Fulfilled, int Cancelled, IReadOnlyList<CancellationCount> Cancellations);

/// <param name="ItemsAdded">Additions to a cart.</param>
/// <param name="ItemsAbandoned">Those that nobody checked out in time.</param>
/// <param name="Rate">Abandoned by added; null: nothing was added.</param>
/// <param name="Value">What the abandoned ones cost, one of each, by the catalogue.</param>
public sealed record AbandonmentTotals(long ItemsAdded, int ItemsAbandoned, double? Rate, decimal Value);

public sealed record AlertCounts(int Critical, int High, int Medium);

/// <param name="Table">Of <see cref="JournalNews.Tables"/>.</param>
/// <param name="AsOf">The time of the newest event that a row counts; null: there is none.</param>
/// <param name="Watermark">The event time up to which it is final; null: its engine does not tell.</param>
/// <param name="LagSeconds">Since when the newest event that concerns it waits to be counted; 0: it is; null: nobody knows.</param>
public sealed record Freshness(string Table, string Engine, DateTimeOffset? AsOf, DateTimeOffset? Watermark, double? LagSeconds);

/// <summary>The shop in [from, to): without bounds, all that is kept.</summary>
public sealed record SummaryResponse(
    DateTimeOffset? From, DateTimeOffset? To, DateTimeOffset AsOf, RevenueTotals Revenue, OrderOutcomes Orders, AbandonmentTotals Abandonment, AlertCounts Alerts, IReadOnlyList<Freshness> Tables);

public sealed record CurrentOperations(string Topic, DateTimeOffset? WindowStart, decimal Value, string Status, DateTimeOffset? LastEventAt);

public static class ReadSummary
{
    public static async Task<Results<Ok<SummaryResponse>, ProblemHttpResult>> All([AsParameters] Span span, AnalyticsDb db, Engine engine, TimeProvider clock, CancellationToken ct) =>
        span.Fault() is { } fault ? Problems.Refused(fault) : TypedResults.Ok(await Of(db, span, engine, clock.GetUtcNow(), ct));

    public static async Task<SummaryResponse> Of(AnalyticsDb db, Span span, Engine engine, DateTimeOffset now, CancellationToken ct)
    {
        var (from, to) = (span.Start, span.End);
        var revenue = await db.Revenue.Where(r => r.WindowStart >= from && r.WindowStart < to).Select(r => new { r.TotalRevenue, r.OrderCount }).ToListAsync(ct);
        var (total, paid) = (revenue.Sum(r => r.TotalRevenue), revenue.Sum(r => r.OrderCount));
        var counts = await db.CountOrders(from, to, ct);
        var sources = await db.Orders.Where(o => o.PlacedAt >= from && o.PlacedAt < to && o.State == OrderState.CANCELLED && o.CancellationSource != null).GroupBy(o => o.CancellationSource!)
            .Select(o => new CancellationCount(o.Key, o.Count())).ToListAsync(ct);
        var added = await db.Operations.Where(r => r.Topic == Topics.CartItemAdded && r.WindowStart >= from && r.WindowStart < to).Select(r => r.Value).ToListAsync(ct);
        var abandoned = await db.Abandonment.Where(r => r.ItemAddedTime >= from && r.ItemAddedTime < to).GroupBy(r => r.ProductId).Select(r => new { ProductId = r.Key, Count = r.Count() }).ToListAsync(ct);
        var alerts = await db.FraudAlerts.Where(r => r.WindowStart >= from && r.WindowStart < to).GroupBy(r => r.Severity).Select(r => new { Severity = r.Key, Count = r.Count() }).ToDictionaryAsync(r => r.Severity, r => r.Count, ct);
        var (items, left) = ((long)added.Sum(), abandoned.Sum(r => r.Count));
        return new(
            span.From, span.To, now, new(total, paid, paid == 0 ? 0 : decimal.Round(total / paid, 2)),
            new(counts.Pending + counts.Paid + counts.Fulfilled + counts.Cancelled, counts.Pending, counts.Paid, counts.Fulfilled, counts.Cancelled, [.. sources.OrderByDescending(s => s.Count).ThenBy(s => s.CancellationSource, StringComparer.Ordinal)]),
            new(items, left, items == 0 ? null : Math.Round((double)left / items, 4), abandoned.Sum(r => r.Count * PriceOf(r.ProductId))),
            new(alerts.GetValueOrDefault(FraudRules.Critical), alerts.GetValueOrDefault(FraudRules.High), alerts.GetValueOrDefault(FraudRules.Medium)),
            await FreshnessOf(db, engine, now, ct));
    }

    /// <summary>How fresh each table is. What counts every event of its topics can be late; what has rows only now and then nobody knows of, unless all five are computed together.</summary>
    public static async Task<IReadOnlyList<Freshness>> FreshnessOf(AnalyticsDb db, Engine engine, DateTimeOffset now, CancellationToken ct)
    {
        (string Table, DateTimeOffset? AsOf, string[]? Topics)[] tables =
        [
            (JournalNews.Revenue, await db.Revenue.MaxAsync(r => (DateTimeOffset?)r.AsOf, ct), [Topics.PaymentProcessed]),
            (JournalNews.Fraud, await db.FraudAlerts.MaxAsync(r => (DateTimeOffset?)r.AsOf, ct), null),
            (JournalNews.Abandonment, await db.Abandonment.MaxAsync(r => (DateTimeOffset?)r.AsOf, ct), null),
            (JournalNews.Velocity, await db.Velocity.MaxAsync(r => (DateTimeOffset?)r.AsOf, ct), [Topics.InventoryReserved]),
            (JournalNews.Operations, await db.Operations.Where(r => r.MetricName == FlowRules.Metric).MaxAsync(r => (DateTimeOffset?)r.AsOf, ct), [.. FlowRules.Watched.Except([Topics.DeadLetters])]),
        ];
        List<Freshness> all = [];
        foreach (var (table, asOf, topics) in tables)
        {
            // The newest of a topic is among the newest entries of the journal, or it has been counted long ago.
            var newest = topics is null ? null : await db.Journal.OrderByDescending(e => e.Id).Take(Recent).Where(e => topics.Contains(e.Topic)).MaxAsync(e => (DateTimeOffset?)e.Time, ct);
            double? lag = topics is null ? null : newest is null || newest <= asOf ? 0 : Math.Round((now - newest.Value).TotalSeconds, 1);
            all.Add(new(table, engine.Name, asOf, engine.WatermarkOf(table), lag));
        }
        return all;
    }

    /// <summary>The newest minute of each topic, and when it was last heard of.</summary>
    public static async Task<IReadOnlyList<CurrentOperations>> CurrentOf(AnalyticsDb db, CancellationToken ct)
    {
        var rows = (await db.NewestOperations(ct)).ToDictionary(row => row.Topic);
        var heard = await db.Journal.OrderByDescending(e => e.Id).Take(Recent).GroupBy(e => e.Topic).Select(e => new { Topic = e.Key, Time = e.Max(entry => entry.ReceivedAt) }).ToDictionaryAsync(e => e.Topic, e => e.Time, ct);
        return [.. FlowRules.Watched.Select(topic => new CurrentOperations(
            topic, rows.GetValueOrDefault(topic)?.WindowStart, rows.GetValueOrDefault(topic)?.Value ?? 0, rows.GetValueOrDefault(topic)?.Status ?? FlowRules.Healthy, heard.TryGetValue(topic, out var time) ? time : null))];
    }

    public static async Task<Ok<IReadOnlyList<CurrentOperations>>> Current(AnalyticsDb db, CancellationToken ct) => TypedResults.Ok(await CurrentOf(db, ct));

    const int Recent = 5_000;

    static decimal PriceOf(string productId) => Catalogue.Products.FirstOrDefault(product => product.Id == productId)?.Price ?? 0;
}
