using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>An event to be counted and kept in the journal, or something to be told: that one is none, say.</summary>
public readonly record struct Came(Fact? Fact, Journaled? Entry = null, Action<AnalyticsDb>? Tell = null);

/// <summary>
/// Computes the five tables from the events themselves, where no Spark does it. What is delivered waits for the next batch, and is
/// answered when that is committed: the changed rows, what must be remembered, and what goes out, in one transaction. After a
/// failure or a kill the sidecar brings again what was not answered, and the memory is read anew.
/// </summary>
public sealed partial class ComputeAnalytics(IServiceScopeFactory scopes, JournalNews news, TimeProvider clock, Metrics metrics, ILogger<ComputeAnalytics> log) : BackgroundService
{
    /// <summary>A batch gathers what comes in this time: so a burst costs few transactions, and a row is as fresh as this.</summary>
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>While more waits than a batch takes, just long enough for the sidecar to bring the next events of each topic.</summary>
    static readonly TimeSpan CatchUpInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The most event time in a batch. Topics are read at different speeds: after a pause the end of a quiet one would be there
    /// before the middle of a busy one, and make it late. So time goes on in steps that are shorter than the lateness.
    /// </summary>
    static readonly TimeSpan Step = AnalyticsRules.Lateness / 2;

    const int MostFacts = 10_000;

    readonly Counter<long> countedEvents = metrics.Meter.CreateCounter<long>("ecom_analytics_events", description: "Events that counted in a table");
    readonly Counter<long> lateEvents = metrics.Meter.CreateCounter<long>("ecom_analytics_late", description: "Events that came too late for a table");
    static readonly JsonSerializerOptions Compact = new(Json.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    readonly Channel<Delivery> arrivals = Channel.CreateUnbounded<Delivery>();
    readonly PriorityQueue<Item, DateTimeOffset> waiting = new();
    IReadOnlyList<Computation>? computations;
    volatile Dictionary<string, DateTimeOffset?> watermarks = [];

    readonly record struct Item(Delivery Of, Came What);

    sealed class Delivery(IReadOnlyList<Came> all)
    {
        readonly TaskCompletionSource<bool> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int open = all.Count;

        public Task<bool> Answer => answer.Task;

        public IEnumerable<Item> Items => all.Select(what => new Item(this, what));

        public void Done()
        {
            if (--open == 0)
                answer.TrySetResult(true);
        }

        public void Failed() => answer.TrySetResult(false);
    }

    /// <returns>True when everything is applied; false: bring it again.</returns>
    public Task<bool> Take(IReadOnlyList<Came> all)
    {
        if (all.Count == 0)
            return Task.FromResult(true);
        var delivery = new Delivery(all);
        return arrivals.Writer.TryWrite(delivery) ? delivery.Answer : Task.FromResult(false);
    }

    /// <summary>Up to which event time the table is final; null: since the last start nothing has been counted.</summary>
    /// <param name="table">Of <see cref="JournalNews.Tables"/>.</param>
    public DateTimeOffset? WatermarkOf(string table) => watermarks.GetValueOrDefault(table);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        try
        {
            while (waiting.Count > 0 || await arrivals.Reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(waiting.Count > 0 ? CatchUpInterval : Interval, clock, stoppingToken);
                while (arrivals.Reader.TryRead(out var delivery))
                    waiting.EnqueueRange(delivery.Items.Select(item => (item, item.What.Fact?.Time ?? DateTimeOffset.MinValue)));
                var batch = NextBatch();
                try
                {
                    await Apply(batch, stoppingToken);
                    CrashPoint.Reach($"{AppIds.Analytics}.counted");
                    batch.ForEach(item => item.Of.Done());
                    failures = 0;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    if (failures++ == 0)
                        LogAway(e.GetBaseException().Message);
                    Abandon(batch);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is not answered comes again.
        }
        finally
        {
            arrivals.Writer.TryComplete();
            Abandon([]);
        }
    }

    /// <summary>The oldest of what waits, up to a step of time. What is late already holds nobody up.</summary>
    List<Item> NextBatch()
    {
        var passed = computations?.Max(computation => computation.Watermark) ?? DateTimeOffset.MinValue;
        List<Item> batch = [];
        DateTimeOffset? end = null;
        while (batch.Count < MostFacts && waiting.TryPeek(out var item, out var time) && (end is null || time < end))
        {
            waiting.Dequeue();
            batch.Add(item);
            if (item.What.Fact is not null && time > passed)
                end ??= time + Step;
        }
        return batch;
    }

    async Task Apply(List<Item> batch, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AnalyticsDb>();
        computations ??= await Recall(db, ct);
        var facts = batch.Select(item => item.What.Fact).OfType<Fact>().ToList();
        var entries = batch.Select(item => item.What.Entry).OfType<Journaled>().ToList();
        List<AnalyticsRow> rows = [];
        await db.InTransaction(async () =>
        {
            foreach (var item in batch)
                item.What.Tell?.Invoke(db);
            foreach (var computation in computations)
                rows.AddRange(await Fold(computation, facts, db, ct));
            await TellOfFraud([.. rows.OfType<FraudAlert>()], db, ct);
            await db.Keep(entries, rows, ct);
        }, ct);
        watermarks = computations.Where(computation => computation.Watermark > DateTimeOffset.UnixEpoch).ToDictionary(TableOf, computation => (DateTimeOffset?)computation.Watermark);
        news.Tell(entries, rows);
    }

    async Task<IReadOnlyList<AnalyticsRow>> Fold(Computation computation, List<Fact> facts, AnalyticsDb db, CancellationToken ct)
    {
        var (before, now) = (computation.Newest, clock.GetUtcNow());
        var (counted, rows, late) = computation.Fold(facts);
        if (counted.Count > 0 || computation.Newest != before)
        {
            var (name, passed) = (computation.Name, computation.Watermark);
            await db.Batches.Where(b => b.Computation == name && b.Until <= passed).ExecuteDeleteAsync(ct);
            db.Batches.Add(new()
            {
                Computation = name,
                Newest = computation.Newest,
                Until = counted.Select(computation.Until).Append(passed).Max(),
                Facts = JsonSerializer.Serialize(counted, Compact),
            });
        }
        countedEvents.Add(counted.Count, new KeyValuePair<string, object?>("table", computation.Name));
        lateEvents.Add(late, new KeyValuePair<string, object?>("table", computation.Name));
        return late == 0 ? rows : [.. rows, LateRow(computation.Name, late, now)];
    }

    /// <summary>A batch is taken at a time of its own, so that no row covers another.</summary>
    static OperationalWindow LateRow(string computation, int late, DateTimeOffset now)
    {
        var start = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
        return new() { AsOf = now, Sequence = late, MetricName = FlowRules.LateMetric, Topic = computation, WindowStart = start, WindowEnd = start + CatchUpInterval, Value = late, Status = FlowRules.Warning };
    }

    /// <summary>An alert is news when anything that it says is.</summary>
    static async Task TellOfFraud(List<FraudAlert> alerts, AnalyticsDb db, CancellationToken ct)
    {
        if (alerts.Count == 0)
            return;
        var (users, first) = (alerts.Select(alert => alert.UserId).Distinct().ToArray(), alerts.Min(alert => alert.WindowStart));
        var known = (await db.FraudAlerts.AsNoTracking().Where(alert => users.Contains(alert.UserId) && alert.WindowStart >= first).ToListAsync(ct)).ConvertAll(Said).ToHashSet();
        foreach (var alert in alerts.Where(alert => known.Add(Said(alert))))
            db.Publish(EventOf(alert));

        static CloudEvent<FraudDetected> EventOf(FraudAlert alert)
        {
            var (said, sequence) = (Said(alert), CloudEvent.Sequence(alert.Sequence));
            var id = Ids.EventOf(Topics.FraudDetected, $"{sequence} {JsonSerializer.Serialize(said, Json.Options)}", alert.AsOf);
            return CloudEvent.New(said, AppIds.Analytics, alert.AsOf, id, null, Activity.Current?.Id) with { Id = id, Sequence = sequence };
        }

        static FraudDetected Said(FraudAlert alert) => new(alert.UserId, alert.OrderId, alert.AlertType, alert.Severity, alert.Details, alert.WindowStart, alert.WindowEnd);
    }

    static string TableOf(Computation computation) => computation switch
    {
        RevenuePerMinute => JournalNews.Revenue,
        FraudPerUser => JournalNews.Fraud,
        AbandonedCarts => JournalNews.Abandonment,
        VelocityPerProduct => JournalNews.Velocity,
        _ => JournalNews.Operations,
    };

    static async Task<IReadOnlyList<Computation>> Recall(AnalyticsDb db, CancellationToken ct)
    {
        IReadOnlyList<Computation> all = [new RevenuePerMinute(), new FraudPerUser(), new AbandonedCarts(), new VelocityPerProduct(), new OperationsPerTopic()];
        foreach (var computation in all)
        {
            var kept = await db.Batches.AsNoTracking().Where(b => b.Computation == computation.Name).OrderBy(b => b.Id).ToListAsync(ct);
            if (kept.Count > 0)
                computation.Recall(kept[^1].Newest, kept.SelectMany(b => JsonSerializer.Deserialize<List<Fact>>(b.Facts, Compact)!));
        }
        return all;
    }

    /// <summary>The sidecar keeps its events and brings them again; what the computations did of the batch is forgotten with them.</summary>
    void Abandon(List<Item> batch)
    {
        computations = null;
        while (arrivals.Reader.TryRead(out var delivery))
            delivery.Failed();
        foreach (var item in batch.Concat(waiting.UnorderedItems.Select(waiting => waiting.Element)))
            item.Of.Failed();
        waiting.Clear();
    }

    [LoggerMessage(LogLevel.Warning, "The tables wait, events are asked for again: {Reason}")]
    partial void LogAway(string reason);
}
