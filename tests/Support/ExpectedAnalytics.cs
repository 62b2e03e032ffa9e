using System.Globalization;
using System.Text;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Tests.Support;

/// <summary>A product in an hour, as analytics-service ranks it.</summary>
public sealed record RankedProduct(string ProductId, DateTimeOffset WindowStart, DateTimeOffset WindowEnd, long UnitsSold, decimal Revenue, int Rank);

/// <summary>The rows that the events make, counted plainly over all of them, each event once.</summary>
public sealed class ExpectedAnalytics
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1), Hour = TimeSpan.FromHours(1), FraudWindow = TimeSpan.FromMinutes(5), CartPatience = TimeSpan.FromMinutes(30), Lateness = TimeSpan.FromMinutes(10);

    /// <summary>Spark and PostgreSQL keep time to the microsecond.</summary>
    static readonly TimeSpan Tick = TimeSpan.FromMicroseconds(1);

    /// <summary>All that is not computed: the shop's own events, and the heartbeat, which closes minutes and carts.</summary>
    static readonly string[] Told = [.. Topics.All.Where(topic => !topic.StartsWith("analytics.", StringComparison.Ordinal))];
    static readonly string[] Flow =
        [Topics.CartItemAdded, Topics.CheckoutInitiated, Topics.OrderCreated, Topics.PaymentProcessed, Topics.OrderConfirmed, Topics.InventoryReserved, Topics.NotificationSend];
    static readonly string[] Trouble = [Topics.PaymentFailed, Topics.InventoryDepleted, Topics.OrderCancelled, Topics.FraudDetected, Topics.DeadLetters];
    readonly IReadOnlyList<KafkaRecord> records;

    ExpectedAnalytics(IReadOnlyList<KafkaRecord> records) => this.records = records;

    public static ExpectedAnalytics Of(KafkaCluster kafka) => new(kafka.Read(Told));

    public static ExpectedAnalytics Of(IEnumerable<KafkaRecord> records) => new([.. records.Where(record => Told.Contains(record.Topic))]);

    /// <summary>All rows of a table, read page by page.</summary>
    /// <param name="get">Asks analytics-service for a path.</param>
    public static async Task<IReadOnlyList<T>> Rows<T>(Func<string, Task<JsonElement>> get, string table)
    {
        List<T> rows = [];
        Page<T> page;
        do
        {
            page = (await get($"analytics/{table}?limit=1000&offset={rows.Count}")).Deserialize<Page<T>>(Json.Options)!;
            rows.AddRange(page.Rows);
        }
        while (page.Rows.Count > 0 && rows.Count < page.TotalRows);
        return rows;
    }

    /// <summary>Every row is there as it must be, and no other.</summary>
    /// <param name="get">Asks analytics-service for a path.</param>
    public async Task ShouldBeServedBy(Func<string, Task<JsonElement>> get)
    {
        await Compare("revenue", Revenue);
        await Compare("fraud", Fraud);
        await Compare("abandonment", Abandonment);
        await Compare("velocity", Velocity);
        await Compare("operations", Operations);

        async Task Compare<T>(string table, IEnumerable<T> expected)
        {
            var rows = await Rows<T>(get, table);
            List<T> missing = [.. expected.Except(rows)], wrong = [.. rows.Except(expected)];
            if (missing.Count + wrong.Count > 0)
                throw new InvalidOperationException($"{table} lacks {missing.Count}: {string.Join("; ", missing.Take(3))}; and has {wrong.Count}: {string.Join("; ", wrong.Take(3))}");
        }
    }

    public IEnumerable<RevenueMetrics> Revenue => Events<PaymentProcessed>().GroupBy(e => Floor(e.Time, Minute)).Select(minute =>
    {
        var total = minute.Sum(e => e.Data.Amount);
        return new RevenueMetrics(minute.Key, minute.Key + Minute, total, minute.Count(), Math.Round(total / minute.Count(), 2, MidpointRounding.AwayFromZero));
    });

    public IEnumerable<FraudDetected> Fraud =>
    [
        .. InFraudWindows<OrderCreated>(order => order.UserId).SelectMany(OrderAlerts),
        .. InFraudWindows<PaymentFailed>(failure => failure.UserId).Where(window => window.Count() > 2)
            .Select(window => Alert(window.Key, "multiple_failed_payments", "MEDIUM", $"{window.Count()} failed payments in 5 minutes")),
    ];

    /// <summary>What was neither checked out nor taken out within half an hour, as far as the newest event of the carts, or the heartbeat, lets anybody see.</summary>
    public IEnumerable<CartAbandonment> Abandonment
    {
        get
        {
            var added = Events<CartItemAdded>();
            var ended = Events<CartItemRemoved>().Select(e => (e.Data.UserId, ProductId: (string?)e.Data.ProductId, e.Time))
                .Concat(Events<CheckoutInitiated>().Select(e => (e.Data.UserId, ProductId: (string?)null, e.Time))).ToLookup(e => e.UserId);
            var seen = added.Select(e => e.Time).Concat(ended.SelectMany(user => user.Select(e => e.Time))).Concat(Events<Heartbeat>().Select(e => e.Time)).DefaultIfEmpty().Max() - Lateness;
            return added.Where(item => item.Time + CartPatience < seen && !ended[item.Data.UserId].Any(end => Ends(end, item)))
                .Select(item => new CartAbandonment(item.Data.UserId, item.Data.ProductId, Floor(item.Time, Tick), Floor(item.Time, Tick) + CartPatience));
        }
    }

    /// <summary>The ten fastest of each hour; equals share a rank, and the next follows without a gap.</summary>
    public IEnumerable<RankedProduct> Velocity => Events<InventoryReserved>()
        .SelectMany(e => e.Data.Items.Select(line => (Start: Floor(e.Time, Hour), line.ProductId, line.Quantity)))
        .GroupBy(line => line.Start)
        .SelectMany(hour =>
        {
            var units = hour.GroupBy(line => line.ProductId, line => line.Quantity).ToDictionary(product => product.Key, product => product.Sum());
            var ranks = units.Values.Distinct().OrderDescending().Take(10).ToList();
            return units.Where(product => ranks.Contains(product.Value)).Select(product => new RankedProduct(
                product.Key, hour.Key, hour.Key + Hour, product.Value, product.Value * Catalogue.Products.Single(item => item.Id == product.Key).Price, ranks.IndexOf(product.Value) + 1));
        });

    /// <summary>Of each minute the topics that had an event, and, where its heartbeat came, those that it names.</summary>
    public IEnumerable<OperationalMetrics> Operations
    {
        get
        {
            var counts = records.Where(record => record.Topic != Topics.Heartbeat).Select(Envelope).OfType<(string Topic, string Id, DateTimeOffset Time)>().DistinctBy(e => e.Id)
                .CountBy(e => (e.Topic, Minute: Floor(e.Time, Minute))).ToDictionary();
            var expected = Events<Heartbeat>().SelectMany(e => e.Data.Rhythm.Select(of => (of.Topic, e.Data.Minute, of.PerMinute))).ToDictionary(of => (of.Topic, of.Minute), of => of.PerMinute);
            return counts.Keys.Union(expected.Keys).Select(row =>
            {
                var count = counts.GetValueOrDefault(row);
                return new OperationalMetrics("events_per_minute", row.Topic, row.Minute, row.Minute + Minute, count, Status(row.Topic, count, expected.GetValueOrDefault(row)));
            });
        }
    }

    /// <summary>The ids of a topic's events.</summary>
    public IReadOnlySet<string> Ids<T>()
        where T : class, IEvent => Events<T>().Select(e => e.Id).ToHashSet();

    sealed record Page<T>(IReadOnlyList<T> Rows, int TotalRows);

    List<CloudEvent<T>> Events<T>()
        where T : class, IEvent => [.. records.Where(record => record.Topic == T.Topic).Select(record => CloudEvent.Parse<T>(Encoding.UTF8.GetBytes(record.Value)).Event).OfType<CloudEvent<T>>().DistinctBy(e => e.Id)];

    /// <summary>Each event in the five windows that it falls into, by user.</summary>
    IEnumerable<IGrouping<(string User, DateTimeOffset Start), T>> InFraudWindows<T>(Func<T, string> user)
        where T : class, IEvent => Events<T>()
        .SelectMany(e => Enumerable.Range(0, 5).Select(minutes => (Key: (user(e.Data), Floor(e.Time, Minute).AddMinutes(-minutes)), e.Data)))
        .GroupBy(e => e.Key, e => e.Data);

    static IEnumerable<FraudDetected> OrderAlerts(IGrouping<(string User, DateTimeOffset Start), OrderCreated> window)
    {
        if (window.Count() is > 3 and var count)
            yield return Alert(window.Key, "unusual_order_frequency", count > 5 ? "CRITICAL" : "HIGH", $"{count} orders in 5 minutes");
        var dearest = window.OrderBy(order => order.TotalAmount).ThenBy(order => order.OrderId, StringComparer.Ordinal).Last();
        if (dearest.TotalAmount > 1000)
            yield return Alert(window.Key, "high_order_value", dearest.TotalAmount > 5000 ? "CRITICAL" : "HIGH", string.Create(CultureInfo.InvariantCulture, $"an order of {dearest.TotalAmount:0.00}"), dearest.OrderId);
    }

    static FraudDetected Alert((string User, DateTimeOffset Start) window, string type, string severity, string details, string? orderId = null) =>
        new(window.User, orderId, type, severity, details, window.Start, window.Start + FraudWindow);

    static bool Ends((string UserId, string? ProductId, DateTimeOffset Time) end, CloudEvent<CartItemAdded> item) =>
        (end.ProductId is null || end.ProductId == item.Data.ProductId) && end.Time >= item.Time && end.Time <= item.Time + CartPatience;

    static string Status(string topic, int count, decimal expected) =>
        Flow.Contains(topic) && count == 0 ? expected >= 10 ? "CRITICAL" : expected >= 5 ? "WARNING" : "HEALTHY"
        : Trouble.Contains(topic) && count >= 10 ? count >= 50 ? "CRITICAL" : "WARNING"
        : "HEALTHY";

    /// <summary>Null: a record that is no event, as the sidecar's copies among the dead letters are.</summary>
    static (string Topic, string Id, DateTimeOffset Time)? Envelope(KafkaRecord record)
    {
        try
        {
            var e = JsonSerializer.Deserialize<CloudEvent<JsonElement>>(record.Value, Json.Options);
            return e?.Type == record.Topic ? (record.Topic, e.Id, e.Time) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static DateTimeOffset Floor(DateTimeOffset time, TimeSpan length) => new(time.UtcTicks - time.UtcTicks % length.Ticks, TimeSpan.Zero);
}
