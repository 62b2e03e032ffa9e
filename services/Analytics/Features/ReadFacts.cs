using System.Runtime.InteropServices;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>Takes the shop's events as the computations want them. What is no event becomes a dead letter, as anywhere.</summary>
public static class ReadFacts
{
    // A lane's share of what the sidecar holds in memory.
    const int MostAtOnce = 100;

    /// <param name="read">What the computations need of the event beside its topic, id and time.</param>
    public static void MapFacts<T>(this WebApplication app, Func<Fact, T, Fact>? read = null) where T : class, IEvent =>
        app.MapBulkDelivery(new() { PubsubName = Components.PubSub, Name = T.Topic, DeadLetterTopic = Topics.DeadLetters }, MostAtOnce,
            (IReadOnlyList<JsonElement> events, ServiceIdentity identity, TimeProvider clock, ComputeAnalytics compute) =>
        {
            List<Fact> facts = [];
            List<Action<AnalyticsDb>> news = [];
            var now = clock.GetUtcNow();
            foreach (var bytes in events)
            {
                var replay = Replay.Read(bytes);
                if (replay.IsForAnother(identity.AppId))
                    continue;
                var json = JsonMarshal.GetRawUtf8Value(bytes);
                var (e, fault) = CloudEvent.Parse<T>(json);
                if (e?.Time > now + AnalyticsRules.Ahead)
                    fault = $"time lies more than a day after {now:O}";
                if (fault is null)
                {
                    facts.Add(read is null ? Fact.Of(e!) : read(Fact.Of(e!), e!.Data));
                    if (replay.LetterId is not null)
                        news.Add(db => db.TellApplied(replay, isNew: false, Trail.Of(e!)));
                }
                else
                {
                    var letter = TopicRoutes.DeadLetter<T>(identity.AppId, e?.Id, fault, "InvalidEvent", 0, now, json);
                    news.Add(db => db.Publish(letter, new(null, letter.EventId)));
                }
            }
            return compute.Take(facts, news);
        });
}
