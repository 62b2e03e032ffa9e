using System.Text.Json;
using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.Contract;

/// <summary>
/// Every event as it stands on the wire. A renamed or removed field fails here; after a wanted change, run the tests once
/// with UPDATE_GOLDEN=1 and look at the difference.
/// </summary>
public sealed class GoldenEventTests
{
    static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    static readonly JsonSerializerOptions Indented = new(Json.Options) { WriteIndented = true, NewLine = "\n" };
    static readonly OrderLine[] Lines = [new("PROD-001", 2, 149.99m, 299.98m), new("PROD-002", 1, 12.99m, 12.99m)];
    static readonly StockLine[] Units = [new("PROD-001", 2), new("PROD-002", 1)];

    static readonly (string Topic, string Json)[] Samples =
    [
        Sample(AppIds.Cart, new CartItemAdded("user-1", "PROD-001", 2, 149.99m)),
        Sample(AppIds.Cart, new CartItemRemoved("user-1", "PROD-001")),
        Sample(AppIds.Cart, new CheckoutInitiated("ORD-1", "user-1", Lines, 312.97m, "tok_success")),
        Sample(AppIds.Order, new OrderCreated("ORD-1", "user-1", Lines, 312.97m, "tok_success")),
        Sample(AppIds.Payment, new PaymentProcessed("PAY-1", "ORD-1", "user-1", 312.97m, "USD", "card")),
        Sample(AppIds.Payment, new PaymentFailed("ORD-1", "user-1", "card_declined")),
        Sample(AppIds.Order, new OrderConfirmed("ORD-1", "user-1", Lines)),
        Sample(AppIds.Inventory, new InventoryReserved("ORD-1", Units)),
        Sample(AppIds.Inventory, new InventoryDepleted("ORD-1", "PROD-001", 2, 1)),
        Sample(AppIds.Inventory, new InventoryLow("PROD-001", 9, 10)),
        Sample(AppIds.Order, new OrderCancelled("ORD-1", "user-1", "PROD-001 is out of stock", "inventory_depleted")),
        Sample(AppIds.Payment, new PaymentRefunded("PAY-1", "ORD-1", "user-1", 312.97m, "PROD-001 is out of stock")),
        Sample(AppIds.Inventory, new InventoryReleased("ORD-1", Units)),
        Sample(AppIds.Order, new NotificationSend("user-1", "user-1@example.com", "order_cancelled", "ORD-1", new(Lines, 312.97m, "PROD-001 is out of stock", "inventory_depleted", "PROD-001", 312.97m))),
        Sample("spark-fraud_detection", new FraudDetected("user-1", null, "high_order_value", "HIGH", "an order of 1250.00", Noon, Noon.AddMinutes(5)), 4),
        Sample("spark-revenue_streaming", new RevenueMetrics(Noon, Noon.AddMinutes(1), 312.97m, 1, 312.97m), 1),
        Sample("spark-cart_abandonment", new CartAbandonment("user-1", "PROD-001", Noon, Noon.AddMinutes(30)), 1),
        Sample("spark-inventory_velocity", new InventoryVelocity("PROD-001", Noon, Noon.AddHours(1), 2, 299.98m), 1),
        Sample("spark-operational_metrics", new OperationalMetrics("events_per_minute", "order.created", Noon, Noon.AddMinutes(1), 12, "HEALTHY"), 25),
        Sample(AppIds.Order, new DeadLetter("payment.processed", "0199-1", "there is no order ORD-1", "Again", 3, Noon, AppIds.Order, JsonSerializer.SerializeToElement(new { id = "0199-1" }))),
        Sample(AppIds.Order, new LetterApplied("0199-2", AppIds.Order)),
        Sample(AppIds.Analytics, new Heartbeat(Noon, [new(Topics.OrderCreated, 12.5m), new(Topics.InventoryLow, 0)])),
    ];

    public static TheoryData<string> TopicNames => [.. Topics.All];

    [Theory, MemberData(nameof(TopicNames))]
    public void An_event_on_the_wire_is_what_it_was(string topic)
    {
        var file = Repository.File($"tests/Contract/golden/{topic}.json");
        var json = Samples.Single(s => s.Topic == topic).Json;

        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(file, json + "\n");

        File.ReadAllText(file).TrimEnd().ShouldBe(json);
    }

    [Fact]
    public void Every_event_has_the_extension_attributes_and_its_aggregate_as_subject()
    {
        foreach (var (topic, json) in Samples)
        {
            var e = JsonNode.Parse(json)!;

            e["type"]!.GetValue<string>().ShouldBe(topic);
            e["subject"]!.GetValue<string>().ShouldNotBeEmpty(topic);
            e["correlationid"]!.GetValue<string>().ShouldBe("corr-1");
            e["causationid"]!.GetValue<string>().ShouldBe("cause-1");
            e["traceparent"]!.GetValue<string>().ShouldStartWith("00-");
            e["time"]!.GetValue<string>().ShouldEndWith("Z");
            e["data"]!["key"].ShouldBeNull();
        }
    }

    static (string, string) Sample<T>(string source, T data, long? version = null) where T : class, IEvent
    {
        var e = CloudEvent.New(data, source, Noon, "corr-1", "cause-1", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") with { Id = "0199a0a0-0000-7000-8000-000000000001", Sequence = version is null ? null : CloudEvent.Sequence(version.Value) };
        var json = JsonSerializer.SerializeToUtf8Bytes(e, Indented);
        var (read, fault) = CloudEvent.Parse<T>(json);
        fault.ShouldBeNull();
        JsonSerializer.Serialize(read, Json.Options).ShouldBe(JsonSerializer.Serialize(e, Json.Options));
        return (T.Topic, System.Text.Encoding.UTF8.GetString(json));
    }
}
