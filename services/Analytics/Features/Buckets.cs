using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>Spans of time of one size, side by side: a chart's bars, where nothing happened, too.</summary>
public static class Buckets
{
    const int Most = 1000;

    static readonly Dictionary<string, TimeSpan> Sizes = new()
    {
        ["minute"] = TimeSpan.FromMinutes(1),
        ["five_minutes"] = TimeSpan.FromMinutes(5),
        ["hour"] = TimeSpan.FromHours(1),
        ["day"] = TimeSpan.FromDays(1),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Sizes.Keys];

    public static DateTimeOffset Floor(DateTimeOffset time, TimeSpan size) => new(time.UtcTicks - time.UtcTicks % size.Ticks, TimeSpan.Zero);

    public static DateTimeOffset Ceiling(DateTimeOffset time, TimeSpan size) => Floor(time, size) is var floor && floor == time ? floor : floor + size;

    /// <summary>The starts of those in [start, end).</summary>
    public static IEnumerable<DateTimeOffset> Between(DateTimeOffset start, DateTimeOffset end, TimeSpan size)
    {
        for (var bucket = start; bucket < end; bucket += size)
            yield return bucket;
    }

    /// <summary>A page of buckets: of the range, and where it has no bound of what the table holds.</summary>
    /// <param name="read">The rows of the buckets in [from, to), the oldest first.</param>
    public static async Task<Results<Ok<AnalyticsPage<TResponse>>, ProblemHttpResult>> Page<TRow, TResponse>(
        TimeRange range, string name, DbSet<TRow> table, Func<DateTimeOffset, DateTimeOffset, TimeSpan, Task<IReadOnlyList<TResponse>>> read, CancellationToken ct) where TRow : AnalyticsRow
    {
        if (range.Fault() is { } fault)
            return Problems.Refused(fault);
        if (!Sizes.TryGetValue(name, out var size))
            return Problems.Refused($"bucket must be one of {string.Join(", ", Names)}.");
        if (range.After is not null)
            return Problems.Refused("after is for rows; buckets have an offset.");
        var times = table.Select(r => EF.Property<DateTimeOffset>(r, "WindowStart"));
        var (from, to) = (range.From is null ? await times.MinAsync(time => (DateTimeOffset?)time, ct) : range.Start, range.To is null ? (await times.MaxAsync(time => (DateTimeOffset?)time, ct))?.AddTicks(1) : range.End);
        if (from is not { } first || to is not { } end || first >= end)
            return TypedResults.Ok(new AnalyticsPage<TResponse>([], 0, range.Limit, range.Offset));
        if ((end - first) / size > Most)
            return Problems.Refused($"These are more than {Most} buckets: ask for a shorter time, or for larger ones.");
        var rows = await read(first, end, size);
        return TypedResults.Ok(new AnalyticsPage<TResponse>([.. (range.IsAscending ? rows : rows.Reverse()).Skip(range.Offset).Take(range.Limit)], rows.Count, range.Limit, range.Offset));
    }
}
