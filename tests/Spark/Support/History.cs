using System.Text;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Types;
using Ecom.Spark.Jobs;

namespace Ecom.Tests.Spark.Support;

/// <summary>A record as it lies in Kafka.</summary>
public sealed record HistoryRecord(string Topic, byte[]? Value)
{
    public HistoryRecord(string topic, string value) : this(topic, Encoding.UTF8.GetBytes(value))
    {
    }
}

/// <summary>Recorded events for tests of the jobs: all on 1 March 2026, by their time of day.</summary>
public static class History
{
    static readonly StructType RecordSchema = new(
    [
        new("key", new BinaryType()), new("value", new BinaryType()), new("topic", new StringType()),
        new("partition", new IntegerType()), new("offset", new LongType()), new("timestamp", new TimestampType()),
    ]);

    /// <summary>The record's own time.</summary>
    public static DateTimeOffset Written { get; } = new(2027, 3, 1, 23, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset At(string timeOfDay) => DateTimeOffset.Parse($"2026-03-01T{timeOfDay}Z", System.Globalization.CultureInfo.InvariantCulture);

    public static HistoryRecord Event<T>(string timeOfDay, T data, string? id = null)
        where T : IEvent => Event(At(timeOfDay), data, id);

    public static HistoryRecord Event<T>(DateTimeOffset time, T data, string? id = null)
        where T : IEvent
    {
        var e = CloudEvent.New(data, "test", time, null, null, null);
        return new(T.Topic, JsonSerializer.SerializeToUtf8Bytes(id is null ? e : e with { Id = id }, Json.Options));
    }

    public static HistoryRecord Paid(string timeOfDay, decimal amount, string? id = null) =>
        Event(timeOfDay, new PaymentProcessed("PAY-1", "ORD-1", "ann", amount, "USD", "card"), id);

    public static HistoryRecord Ordered(string timeOfDay, string user, string order, decimal amount) =>
        Event(timeOfDay, new OrderCreated(order, user, [new OrderLine("PROD-001", 1, amount, amount)], amount));

    public static HistoryRecord Declined(string timeOfDay, string user) => Event(timeOfDay, new PaymentFailed("ORD-9", user, "card_declined"));

    public static HistoryRecord Added(string timeOfDay, string user, string product) => Event(timeOfDay, new CartItemAdded(user, product, 1, 9.99m));

    public static HistoryRecord Removed(string timeOfDay, string user, string product) => Event(timeOfDay, new CartItemRemoved(user, product));

    public static HistoryRecord CheckedOut(string timeOfDay, string user) =>
        Event(timeOfDay, new CheckoutInitiated("ORD-1", user, [new OrderLine("PROD-001", 1, 9.99m, 9.99m)], 9.99m));

    public static HistoryRecord Reserved(string timeOfDay, params (string Product, int Quantity)[] lines) =>
        Event(timeOfDay, new InventoryReserved("ORD-1", [.. lines.Select(line => new StockLine(line.Product, line.Quantity))]));

    /// <summary>The minute that begins at the time of day is over.</summary>
    public static HistoryRecord Heartbeat(string timeOfDay, params IEnumerable<(string Topic, decimal PerMinute)> rhythm) =>
        Event(timeOfDay, new Heartbeat(At(timeOfDay), [.. rhythm.Select(of => new TopicRhythm(of.Topic, of.PerMinute))]));

    /// <summary>The records as a table, as the Kafka source would give them.</summary>
    public static DataFrame Table(SparkSession session, params IEnumerable<HistoryRecord> records) =>
        session.CreateDataFrame([.. records.Select((record, i) => new object?[] { null, record.Value, record.Topic, 0, (long)i, Written })], RecordSchema);

    /// <summary>The rows of a job over a fixed history.</summary>
    public static IReadOnlyList<Row> Rows(this Job job, SparkSession session, params HistoryRecord[] records) =>
        job.Transform(Events.Read(Table(session, records), job)).Collect();
}
