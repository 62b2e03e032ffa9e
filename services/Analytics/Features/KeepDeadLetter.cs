using System.Text;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>
/// Keeps whatever lands on dlq.events. Nothing is refused here: a record that is no letter of ours becomes a row that says so.
/// A replay that failed is no new letter. Only a database that is away makes the sidecar wait.
/// </summary>
public static partial class KeepDeadLetter
{
    /// <param name="compute">Null: Spark counts the shop's events.</param>
    public static async Task<bool> Handle(IReadOnlyList<Delivery> deliveries, AnalyticsDb db, JournalOptions journal, JournalNews news, TimeProvider clock, ILogger<DeadLetterRecord> log, CancellationToken ct, ComputeAnalytics? compute = null)
    {
        var now = clock.GetUtcNow();
        var arrivals = deliveries.Select(delivery => Read(delivery, now, log)).OfType<Arrival>().ToList();
        try
        {
            await KeepAll(db, arrivals, log, ct);
            if (journal.IsOn)
                await Journal(db, arrivals, news, ct);
            // They are the shop's events, too.
            return compute is null || await compute.Take([.. arrivals.Select(arrival => arrival.Fact).OfType<Fact>().Where(fact => fact.Time <= now + AnalyticsRules.Ahead).Select(fact => new Came(fact))]);
        }
        catch (Exception e) when (IsAway(e) || ct.IsCancellationRequested)
        {
            LogAway(log, e.GetBaseException().Message);
            return false;
        }
    }

    /// <param name="Replay">The letter's record had been sent again.</param>
    sealed record Arrival(DeadLetterRecord Letter, Replay Replay, Fact? Fact, JournalEntry Entry)
    {
        public static Arrival Of(Delivery delivery, DateTimeOffset now)
        {
            var (e, _) = CloudEvent.Parse<DeadLetter>(delivery.Bytes.Span);
            var letter = e is not null
                ? DeadLetterRecord.Of(e, now)
                : DeadLetterRecord.Of(delivery.Bytes, delivery.Text("__topic"), $"{delivery.Text("__partition")}/{delivery.Text("__offset")}", now);
            return e is not null
                ? new(letter, Replay.Read(e.Data.Payload), Fact.Of(e), JournalEntry.Of(letter, e.Data.Payload, e.Source, e.CorrelationId))
                : new(letter, Replay.Read(delivery.Bytes), null, JournalEntry.Of(letter, Json.Record(delivery.Bytes.Span), letter.Subscriber, null));
        }
    }

    static Arrival? Read(Delivery delivery, DateTimeOffset now, ILogger log)
    {
        try
        {
            return Arrival.Of(delivery, now);
        }
        catch (Exception e)
        {
            LogLost(log, e, delivery.Text("__topic") ?? Topics.DeadLetters, Convert.ToBase64String(delivery.Bytes.Span));
            return null;
        }
    }

    static async Task KeepAll(AnalyticsDb db, List<Arrival> arrivals, ILogger log, CancellationToken ct)
    {
        try
        {
            await Keep(db, arrivals, log, ct);
        }
        catch (Exception e) when (!IsAway(e) && !ct.IsCancellationRequested)
        {
            foreach (var arrival in arrivals)
                await KeepAlone(db, arrival, log, ct);
        }
    }

    /// <summary>One that cannot be kept hurts nobody else.</summary>
    static async Task KeepAlone(AnalyticsDb db, Arrival arrival, ILogger log, CancellationToken ct)
    {
        db.ChangeTracker.Clear();
        try
        {
            await Keep(db, [arrival], log, ct);
        }
        catch (Exception e) when (!IsAway(e) && !ct.IsCancellationRequested)
        {
            LogLost(log, e, arrival.Letter.OriginalTopic, Convert.ToBase64String(Encoding.UTF8.GetBytes(arrival.Letter.Payload)));
        }
    }

    static async Task Keep(AnalyticsDb db, List<Arrival> arrivals, ILogger log, CancellationToken ct)
    {
        List<DeadLetterRecord> added = [];
        await db.InTransaction(async () =>
        {
            var ids = arrivals.Select(arrival => arrival.Letter.LetterId).Concat(arrivals.Select(arrival => arrival.Replay.LetterId).OfType<string>()).Distinct().ToArray();
            var known = await db.DeadLetters.Where(d => ids.Contains(d.LetterId)).ToDictionaryAsync(d => d.LetterId, ct);
            foreach (var (letter, replay, _, _) in arrivals)
                if (replay.LetterId is { } id && known.TryGetValue(id, out var replayed) && replayed.IsOf(letter.Subscriber))
                    replayed.FailedAgain(letter);
                else if (known.TryAdd(letter.LetterId, letter))
                    added.Add(letter);
            db.DeadLetters.AddRange(added);
        }, ct);
        foreach (var letters in added.GroupBy(letter => (letter.OriginalTopic, letter.Subscriber)))
            LogKept(log, letters.Count(), letters.Key.OriginalTopic, letters.Key.Subscriber, letters.First().ErrorReason);
    }

    static async Task Journal(AnalyticsDb db, List<Arrival> arrivals, JournalNews news, CancellationToken ct)
    {
        List<Journaled> entries = [.. arrivals.Select(arrival => new Journaled(arrival.Entry, null))];
        await db.Keep(entries, [], ct);
        news.Tell(entries, []);
    }

    /// <summary>An operator who changed the same letter at this moment is no fault of the letter.</summary>
    static bool IsAway(Exception e) => Transient.Is(e) || e is DbUpdateConcurrencyException;

    [LoggerMessage(LogLevel.Warning, "{Count} dead letters of {Topic} from {Subscriber}, the first: {Reason}")]
    static partial void LogKept(ILogger log, int count, string topic, string subscriber, string reason);

    [LoggerMessage(LogLevel.Warning, "Dead letters wait for the database: {Reason}")]
    static partial void LogAway(ILogger log, string reason);

    [LoggerMessage(LogLevel.Critical, "A dead letter of {Topic} cannot be kept; it is here only: {Record}")]
    static partial void LogLost(ILogger log, Exception exception, string topic, string record);
}
