using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>
/// Says of each minute that it is over: so time goes on for who counts events, also when none come. Who says it of the same minute,
/// another replica or this one after a restart, says it by the same id.
/// </summary>
public sealed partial class TellTheMinute(IServiceScopeFactory scopes, TimeProvider clock, ILogger<TellTheMinute> log) : PeriodicService(TimeSpan.FromSeconds(5), clock)
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>What happened in a minute is told by so long after its end, unless something is away; what is told later still counts.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    DateTimeOffset told;

    protected override async Task Work(CancellationToken ct)
    {
        var minute = Buckets.Floor(Clock.GetUtcNow() - Grace, Minute) - Minute;
        if (minute == told)
            return;
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AnalyticsDb>();
        var rhythm = await RhythmBefore(db, minute, ct);
        await db.InTransaction(() =>
        {
            db.Publish(new Heartbeat(minute, rhythm), new(null, null), since: minute);
            return Task.CompletedTask;
        }, ct);
        told = minute;
    }

    protected override void Failed(Exception e) => LogWaits(e.GetBaseException().Message);

    /// <summary>A minute without a row had no event, or the shop is younger than that.</summary>
    static async Task<IReadOnlyList<TopicRhythm>> RhythmBefore(AnalyticsDb db, DateTimeOffset minute, CancellationToken ct)
    {
        var since = minute - FlowRules.Memory;
        var rows = await db.Operations.Where(row => row.MetricName == FlowRules.Metric && row.WindowStart >= since && row.WindowStart < minute).Select(row => new { row.Topic, row.Value }).ToListAsync(ct);
        var sums = rows.ToLookup(row => row.Topic, row => row.Value);
        return [.. FlowRules.Watched.Select(topic => new TopicRhythm(topic, decimal.Round(sums[topic].Sum() / (int)FlowRules.Memory.TotalMinutes, 2)))];
    }

    [LoggerMessage(LogLevel.Warning, "The heartbeat waits for the database: {Reason}")]
    partial void LogWaits(string reason);
}
