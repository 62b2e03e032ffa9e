namespace Ecom.Analytics;

/// <summary>Spans of time of one size, side by side: a chart's bars, where nothing happened, too.</summary>
public static class Buckets
{
    /// <summary>More of them nobody reads.</summary>
    public const int Most = 1000;

    static readonly Dictionary<string, TimeSpan> Sizes = new()
    {
        ["minute"] = TimeSpan.FromMinutes(1),
        ["five_minutes"] = TimeSpan.FromMinutes(5),
        ["hour"] = TimeSpan.FromHours(1),
        ["day"] = TimeSpan.FromDays(1),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Sizes.Keys];

    /// <returns>Null: there is no such bucket.</returns>
    public static TimeSpan? Size(string name) => Sizes.TryGetValue(name, out var size) ? size : null;

    public static DateTimeOffset Floor(DateTimeOffset time, TimeSpan size) => new(time.UtcTicks - time.UtcTicks % size.Ticks, TimeSpan.Zero);

    public static DateTimeOffset Ceiling(DateTimeOffset time, TimeSpan size) => Floor(time, size) is var floor && floor == time ? floor : floor + size;

    /// <summary>The starts of those in [start, end).</summary>
    public static IEnumerable<DateTimeOffset> Between(DateTimeOffset start, DateTimeOffset end, TimeSpan size)
    {
        for (var bucket = start; bucket < end; bucket += size)
            yield return bucket;
    }
}
