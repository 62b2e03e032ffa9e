using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>The events of one order, as the other services would send them.</summary>
sealed class Facts
{
    public string Order { get; } = Ids.NewOrder();
    public string User { get; } = $"u-{Guid.NewGuid():N}";
    public string Product { get; init; } = "PROD-001";
    public int Quantity { get; init; } = 2;

    string Lines => $$"""[{"product_id":"{{Product}}","quantity":{{Quantity}},"price":10.00,"item_total":{{Quantity * 10}}.00}]""";

    public string Checkout => Events.New("cart.checkout_initiated", $$"""{"order_id":"{{Order}}","user_id":"{{User}}","items":{{Lines}},"total_amount":{{Quantity * 10}}.00}""");
    public string Created(string? token = "tok_success") => Events.New("order.created",
        $$"""{"order_id":"{{Order}}","user_id":"{{User}}","items":{{Lines}},"total_amount":{{Quantity * 10}}.00,"payment_token":{{(token is null ? "null" : $"\"{token}\"")}}}""");
    public string Confirmed => Events.New("order.confirmed", $$"""{"order_id":"{{Order}}","user_id":"{{User}}","items":{{Lines}}}""");
    public string Cancelled => Events.New("order.cancelled", $$"""{"order_id":"{{Order}}","user_id":"{{User}}","reason":"why","cancellation_source":"customer"}""");
    public string Processed(string amount = "20.00") => Events.New("payment.processed", $$"""{"payment_id":"PAY-1","order_id":"{{Order}}","user_id":"{{User}}","amount":{{amount}},"currency":"USD","method":"card"}""");
    public string Failed => Events.New("payment.failed", $$"""{"order_id":"{{Order}}","user_id":"{{User}}","reason":"card_declined"}""");
    public string Refunded => Refund("20.00");
    public string NothingCharged => Refund("0.00");
    string Refund(string amount) => Events.New("payment.refunded", $$"""{"payment_id":"PAY-1","order_id":"{{Order}}","user_id":"{{User}}","amount":{{amount}},"reason":"why"}""");
    public string Reserved => Events.New("inventory.reserved", $$"""{"order_id":"{{Order}}","items":[{"product_id":"{{Product}}","quantity":{{Quantity}}}]}""");
    public string Depleted => Events.New("inventory.depleted", $$"""{"order_id":"{{Order}}","product_id":"{{Product}}","requested":{{Quantity}},"available":0}""");
    public string Released => Events.New("inventory.released", $$"""{"order_id":"{{Order}}","items":[]}""");
}

static class Delivering
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    public static string TopicOf(string e) => JsonNode.Parse(e)!["type"]!.ToString();

    public static Task<string> Once(this ServiceProcess service, string e) => service.Deliver(TopicOf(e), e);

    /// <summary>Delivers until the event is taken, as a sidecar does: on a busy machine a database may be away for a moment.</summary>
    public static Task Takes(this ServiceProcess service, string e, TimeSpan? deadline = null) =>
        Eventually.Until(async () => await service.Once(e) == "SUCCESS", deadline ?? Soon, "the event is taken");

    /// <summary>Delivers the same event twice; both times it must be taken.</summary>
    public static async Task Twice(this ServiceProcess service, string e)
    {
        (await service.Once(e)).ShouldBe("SUCCESS");
        (await service.Once(e)).ShouldBe("SUCCESS");
    }

    /// <summary>What the service published about the order on the topic, in its order; the same event, told again, once.</summary>
    public static IReadOnlyList<PublishedRecord> Sent(this ServiceProcess service, string topic, string order) =>
        [.. service.Sidecar.PublishedOn(topic).Where(r => (string?)r.Data["order_id"] == order).DistinctBy(r => r.Id)];

    public static async Task<PublishedRecord> Sends(this ServiceProcess service, string topic, string order)
    {
        await Eventually.Until(() => service.Sent(topic, order).Count > 0, Soon, $"{topic} of {order}");
        return service.Sent(topic, order)[0];
    }
}
