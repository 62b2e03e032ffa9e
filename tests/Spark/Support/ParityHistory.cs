using System.Text;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Tests.Spark.Support;

/// <summary>
/// One recorded night of the shop, in parts: events of a part come in any order; what comes in a later part came later. It is the
/// night in which the clocks of Los Angeles go back (at 09:00 UTC), and it has whatever the rules speak of. All topics that count
/// have an event at the very end of a part, so that every job's time stands there.
/// </summary>
public sealed class ParityHistory
{
    public const string LateUser = "late", EdgeUser = "edge", LateProduct = "PROD-LATE", EdgeProduct = "PROD-EDGE";
    const int EventsOfAPart = 1_800, Users = 150;
    static readonly DateTimeOffset Night = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly TimeSpan Length = TimeSpan.FromMinutes(8), Early = TimeSpan.FromSeconds(80);

    readonly Random random = new(20261101);
    readonly List<IReadOnlyList<HistoryRecord>> parts = [];
    int number;

    ParityHistory()
    {
        List<HistoryRecord> copies = [];
        foreach (var (start, withCheckouts) in ((string, bool)[])[("08:20", true), ("08:28", false), ("08:55", true), ("09:10", true), ("10:05", true), ("11:30", true)])
        {
            if (start == "10:05")
                Add(Edges(At("09:18")));
            List<HistoryRecord> part = [.. copies, .. Traffic(At(start), withCheckouts), .. Heartbeats(At(start), Length), .. End(At(start) + Length)];
            if (parts.Count == 0)
                part.AddRange(Fraud(At(start)));
            else if (parts.Count >= 2)
                part.AddRange(Late());
            part.AddRange(random.GetItems([.. part], part.Count / 30));
            copies = [.. random.GetItems([.. part], part.Count / 30)];
            Add(part);
        }
        // Minutes in which nothing happens. What is malformed is long late, and so is the letter about it.
        Add([.. copies, .. Heartbeats(At("11:40"), TimeSpan.FromMinutes(12)), .. Malformed(At("08:00")), .. End(At("12:30"))]);
    }

    public static IReadOnlyList<IReadOnlyList<HistoryRecord>> Parts() => new ParityHistory().parts;

    void Add(List<HistoryRecord> part)
    {
        HistoryRecord[] shuffled = [.. part];
        random.Shuffle(shuffled);
        parts.Add(shuffled);
    }

    IEnumerable<HistoryRecord> Traffic(DateTimeOffset start, bool withCheckouts)
    {
        for (var i = 0; i < EventsOfAPart; i++)
        {
            var (time, user, order) = (Time(start), $"user-{random.Next(Users)}", $"ORD-{number}");
            var product = random.Next(40) == 0 ? "PROD-999" : Catalogue.Products[random.Next(Catalogue.Products.Count)].Id;
            var (quantity, amount) = (random.Next(1, 4), random.Next(1, 60_000) / 100m);
            OrderLine[] lines = [new(product, quantity, amount, quantity * amount)];
            yield return random.Next(100) switch
            {
                < 30 => Event(time, new CartItemAdded(user, product, quantity, amount)),
                < 36 => Event(time, new CartItemRemoved(user, product)),
                < 46 => withCheckouts ? Event(time, new CheckoutInitiated(order, user, lines, quantity * amount)) : Event(time, new OrderConfirmed(order, user, lines)),
                < 58 => Event(time, new OrderCreated(order, user, lines, quantity * amount)),
                < 70 => Event(time, new PaymentProcessed("PAY-1", order, user, amount, "USD", "card")),
                < 75 => Event(time, new PaymentFailed(order, user, "card_declined")),
                < 85 => Event(time, new InventoryReserved(order, [new(product, quantity), new("PROD-001", 1), new(product, 2)])),
                < 89 => Event(time, new NotificationSend(user, $"{user}@example.com", NotificationTypes.OrderFulfilled, order, new(lines, quantity * amount))),
                < 92 => Event(time, new OrderCancelled(order, user, "why", CancellationSources.Customer)),
                < 94 => Event(time, new PaymentRefunded("PAY-1", order, user, amount, "why")),
                < 96 => Event(time, new InventoryReleased(order, [])),
                < 98 => Event(time, new InventoryDepleted(null, product, 5, 1)),
                98 => Event(time, new FraudDetected(user, null, FraudRules.Failures, FraudRules.Medium, "as recorded", start, start + Length)),
                _ => Event(time, new DeadLetter(Topics.OrderCreated, "e", "as recorded", "InvalidEvent", 0, time, AppIds.Order, JsonSerializer.SerializeToElement("x"))),
            };
        }
    }

    /// <summary>Within the part or a little before it; some on the second, the minute, or next to it, so that there are ties and edges.</summary>
    DateTimeOffset Time(DateTimeOffset start)
    {
        var time = start + new TimeSpan(random.NextInt64(-(random.Next(30) == 0 ? Early.Ticks : 0), Length.Ticks));
        return random.Next(20) switch
        {
            0 => new(time.Ticks - time.Ticks % TimeSpan.TicksPerMinute, TimeSpan.Zero),
            1 => new(time.Ticks - time.Ticks % TimeSpan.TicksPerMinute - TimeSpan.TicksPerMicrosecond, TimeSpan.Zero),
            2 => new(time.Ticks - time.Ticks % TimeSpan.TicksPerSecond, TimeSpan.Zero),
            _ => time,
        };
    }

    IEnumerable<HistoryRecord> Heartbeats(DateTimeOffset start, TimeSpan length)
    {
        for (var minute = start; minute < start + length; minute += TimeSpan.FromMinutes(1))
            yield return Event(minute, new Heartbeat(minute, [.. FlowRules.Watched.Select(topic => new TopicRhythm(topic, random.GetItems([0m, 4.99m, 5m, 10m, 60m], 1)[0]))]));
    }

    IEnumerable<HistoryRecord> Fraud(DateTimeOffset start)
    {
        foreach (var orders in (int[])[3, 4, 5, 6])
            for (var i = 0; i < orders; i++)
                yield return Ordered(start.AddSeconds(120 + i), $"hasty-{orders}", 10m);
        foreach (var amount in (decimal[])[1000m, 1000.01m, 5000m, 5000.01m])
        {
            yield return Ordered(start.AddSeconds(30), $"rich-{amount}", amount);
            yield return Ordered(start.AddSeconds(30), $"rich-{amount}", amount);
        }
        foreach (var failures in (int[])[2, 3])
            for (var i = 0; i < failures; i++)
                yield return Event(start.AddSeconds(60 * i), new PaymentFailed("ORD-1", $"broke-{failures}", "card_declined"));
        // The last second of one window and the first of the next.
        foreach (var second in (int[])[60, 119, 120, 359, 360])
            yield return Ordered(start.AddSeconds(second), "windows", 10m);
    }

    /// <summary>What the earlier parts have left behind by far.</summary>
    IEnumerable<HistoryRecord> Late() => Enumerable.Range(0, 10).SelectMany(i => Marked(At("08:00").AddSeconds(61 * i), LateUser, LateProduct));

    /// <summary>On the watermark, which is late, and a millisecond after it, which is not.</summary>
    List<HistoryRecord> Edges(DateTimeOffset end) =>
        [.. Marked(end - AnalyticsRules.Lateness, LateUser, LateProduct), .. Marked(end - AnalyticsRules.Lateness + TimeSpan.FromMilliseconds(1), EdgeUser, EdgeProduct)];

    IEnumerable<HistoryRecord> Marked(DateTimeOffset time, string user, string product) =>
    [
        Event(time, new PaymentProcessed("PAY-1", "ORD-1", user, 7_777m, "USD", "card")),
        Ordered(time, user, 1234m),
        Event(time, new CartItemAdded(user, product, 1, 1m)),
        Event(time, new InventoryReserved("ORD-1", [new(product, 1)])),
    ];

    IEnumerable<HistoryRecord> End(DateTimeOffset time) =>
    [
        Event(time, new PaymentProcessed("PAY-1", "ORD-1", "end", 1m, "USD", "card")),
        Ordered(time, "end", 1m),
        Event(time, new CartItemAdded("end", "PROD-001", 1, 1m)),
        Event(time, new InventoryReserved("ORD-1", [new("PROD-001", 1)])),
    ];

    IEnumerable<HistoryRecord> Malformed(DateTimeOffset time)
    {
        foreach (var good in End(time))
        {
            var json = Encoding.UTF8.GetString(good.Value!);
            yield return new(good.Topic, json.Replace("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\"", StringComparison.Ordinal));
            yield return new(good.Topic, json.Replace("\"data\":", "\"date\":", StringComparison.Ordinal));
            yield return new(good.Topic, json.Replace("\"time\":\"2026", "\"time\":\"3026", StringComparison.Ordinal));
            yield return new(good.Topic, "no event");
        }
    }

    HistoryRecord Ordered(DateTimeOffset time, string user, decimal amount) => Event(time, new OrderCreated($"ORD-{number}", user, [new("PROD-001", 1, amount, amount)], amount));

    /// <summary>Every thousandth id was used hours before: by then it is forgotten.</summary>
    HistoryRecord Event<T>(DateTimeOffset time, T data) where T : IEvent
    {
        number++;
        return History.Event(time, data, number % 1000 == 0 && time > At("11:00") ? "e-1" : $"e-{number}");
    }

    static DateTimeOffset At(string timeOfDay) => Night + TimeSpan.Parse(timeOfDay, System.Globalization.CultureInfo.InvariantCulture);
}
