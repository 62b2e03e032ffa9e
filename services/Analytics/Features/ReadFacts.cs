using System.Runtime.InteropServices;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>Takes the shop's events, in bulk: for the computations where this service computes, and for the journal.</summary>
public static class ReadFacts
{
    // A lane's share of what the sidecar holds in memory.
    const int MostAtOnce = 100;

    /// <summary>For both, in one transaction. What is no event becomes a dead letter, as anywhere.</summary>
    /// <param name="read">What the computations need of the event beside its topic, id and time.</param>
    public static void MapFacts<T>(this WebApplication app, Func<Fact, T, Fact>? read = null) where T : class, IEvent =>
        app.MapBulkDelivery(Topic<T>(), MostAtOnce, (IReadOnlyList<JsonElement> events, ServiceIdentity identity, JournalOptions journal, TimeProvider clock, ComputeAnalytics compute) =>
        {
            List<Came> all = [];
            var now = clock.GetUtcNow();
            foreach (var bytes in events)
            {
                var replay = Replay.Read(bytes);
                if (replay.IsForAnother(identity.AppId))
                    continue;
                var json = JsonMarshal.GetRawUtf8Value(bytes);
                var (e, fault) = CloudEvent.Parse<T>(json, now);
                if (fault is null)
                    all.Add(new(read is null ? Fact.Of(e!) : read(Fact.Of(e!), e!.Data), journal.Of(e!, now), replay.LetterId is null ? null : db => db.TellApplied(replay, isNew: false, Trail.Of(e!))));
                else
                {
                    var letter = TopicRoutes.DeadLetter<T>(identity.AppId, e?.Id, fault, "InvalidEvent", 0, now, json);
                    all.Add(new(null, Tell: db => db.Publish(letter, new(null, letter.EventId))));
                }
            }
            return compute.Take(all);
        });

    /// <summary>For the journal alone. What is no event is for others to refuse: they read the same topics.</summary>
    public static void MapJournal<T>(this WebApplication app) where T : class, IEvent =>
        app.MapBulkDelivery(Topic<T>(), MostAtOnce, async (IReadOnlyList<JsonElement> events, AnalyticsDb db, JournalOptions journal, JournalNews news, TimeProvider clock, ILogger<JournalEntry> log, CancellationToken ct) =>
        {
            var now = clock.GetUtcNow();
            List<Kept> all = [];
            foreach (var bytes in events)
                if (CloudEvent.Parse<T>(JsonMarshal.GetRawUtf8Value(bytes), now).Event is { } e && journal.Of(e, now) is { } entry)
                    all.Add(new(entry));
            return await db.TryKeep(all, news, log, ct);
        });

    static Dapr.TopicOptions Topic<T>() where T : IEvent => new() { PubsubName = Components.PubSub, Name = T.Topic, DeadLetterTopic = Topics.DeadLetters };
}
