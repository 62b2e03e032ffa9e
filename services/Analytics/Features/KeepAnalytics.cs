using System.Runtime.InteropServices;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>Keeps what the Spark jobs computed, one row per natural key, a call's rows at once. What is no result becomes a dead letter.</summary>
public static class KeepAnalytics
{
    const int MostAtOnce = 100;

    /// <summary>The most that numeric(18,4) holds.</summary>
    const decimal MostValue = 99_999_999_999_999.9999m;

    public static void MapResults(this WebApplication app)
    {
        app.MapRows<RevenueMetrics>(e => new RevenueWindow { AsOf = e.Time, Sequence = e.Version, WindowStart = e.Data.WindowStart, WindowEnd = e.Data.WindowEnd, TotalRevenue = e.Data.TotalRevenue, OrderCount = e.Data.OrderCount, AvgOrderValue = e.Data.AvgOrderValue });
        app.MapRows<FraudDetected>(
            e => new FraudAlert { AsOf = e.Time, Sequence = e.Version, UserId = e.Data.UserId, OrderId = e.Data.OrderId, AlertType = e.Data.AlertType, Severity = e.Data.Severity, Details = e.Data.Details, WindowStart = e.Data.WindowStart, WindowEnd = e.Data.WindowEnd },
            alert => Check.OneOf("severity", alert.Severity, FraudRules.Severities));
        app.MapRows<CartAbandonment>(
            e => new AbandonedItem { AsOf = e.Time, Sequence = e.Version, UserId = e.Data.UserId, ProductId = e.Data.ProductId, ItemAddedTime = e.Data.ItemAddedTime, DetectedAt = e.Data.DetectedAt },
            item => item.DetectedAt < item.ItemAddedTime ? "detected_at must not be before item_added_time" : null);
        app.MapRows<InventoryVelocity>(e => new ProductVelocity { AsOf = e.Time, Sequence = e.Version, ProductId = e.Data.ProductId, WindowStart = e.Data.WindowStart, WindowEnd = e.Data.WindowEnd, UnitsSold = e.Data.UnitsSold, Revenue = e.Data.Revenue });
        app.MapRows<OperationalMetrics>(
            e => new OperationalWindow { AsOf = e.Time, Sequence = e.Version, MetricName = e.Data.MetricName, Topic = e.Data.Topic, WindowStart = e.Data.WindowStart, WindowEnd = e.Data.WindowEnd, Value = e.Data.Value, Status = e.Data.Status },
            metric => Check.First(Check.OneOf("status", metric.Status, FlowRules.Statuses), Math.Abs(metric.Value) <= MostValue ? null : $"value must be at most {MostValue}"));
    }

    static void MapRows<T>(this WebApplication app, Func<CloudEvent<T>, AnalyticsRow> row, Func<T, string?>? fault = null) where T : class, IEvent =>
        app.MapBulkDelivery(new() { PubsubName = Components.PubSub, Name = T.Topic, DeadLetterTopic = Topics.DeadLetters }, MostAtOnce,
            async (IReadOnlyList<JsonElement> events, AnalyticsDb db, ServiceIdentity identity, JournalOptions journal, JournalNews news, TimeProvider clock, ILogger<AnalyticsRow> log, CancellationToken ct) =>
        {
            var now = clock.GetUtcNow();
            List<Kept> all = [];
            foreach (var bytes in events)
            {
                var replay = Replay.Read(bytes);
                if (replay.IsForAnother(identity.AppId))
                    continue;
                var (e, wrong) = CloudEvent.Parse<T>(JsonMarshal.GetRawUtf8Value(bytes), now);
                void Bury(string reason, string type)
                {
                    var letter = TopicRoutes.DeadLetter<T>(identity.AppId, e?.Id, reason, type, 0, now, JsonMarshal.GetRawUtf8Value(bytes));
                    db.Publish(letter, new(e?.CorrelationId, letter.EventId));
                }

                if ((wrong ?? fault?.Invoke(e!.Data)) is { } reason)
                    all.Add(new(Tell: () => Bury(reason, "InvalidEvent")));
                else
                    all.Add(new(
                        journal.Of(e!, now),
                        row(e!),
                        // What has no other reader is new here, whoever was asked.
                        replay.LetterId is null ? null : () => db.TellApplied(replay, isNew: !FlowRules.Watched.Contains(T.Topic), Trail.Of(e!)),
                        refused => Bury(refused.GetBaseException().Message, refused.GetBaseException().GetType().Name)));
            }
            return await db.TryKeep(all, news, log, ct);
        });
}
