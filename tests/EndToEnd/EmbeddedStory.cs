using System.Net.Http.Json;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>What the page tells of a real order: everything that happened, and why.</summary>
[Collection(EmbeddedCollection.Name)]
public sealed class EmbeddedStory(EmbeddedWorld world)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    readonly EmbeddedShop shop = world.Shop;

    [Fact]
    public async Task A_fulfilled_order_tells_its_life_from_the_checkout_to_the_mail()
    {
        var orderId = await shop.Customer.Order(Customer.NewUser("ada"), PaymentTokens.Success, ("PROD-002", 1));

        string[] events = [Topics.CheckoutInitiated, Topics.OrderCreated, Topics.PaymentProcessed, Topics.OrderConfirmed, Topics.InventoryReserved, Topics.NotificationSend];
        var story = await Story(orderId, events);

        story.GetProperty("state").GetString().ShouldBe("FULFILLED");
        Names(story, "event").ShouldBe(events);
        Names(story, "saga").ShouldBe(["placed", "paid", "fulfilled"]);
        ShouldFollow(story, but: [Topics.CheckoutInitiated]);
    }

    [Fact]
    public async Task An_order_that_is_cancelled_after_its_payment_tells_of_the_refund()
    {
        var orderId = await shop.Customer.Order(Customer.NewUser("eve"), PaymentTokens.Success, ("PROD-015", await shop.Stock("PROD-015") + 1));

        var story = await Story(orderId, Topics.OrderCancelled, Topics.PaymentRefunded, Topics.NotificationSend);

        (story.GetProperty("state").GetString(), story.GetProperty("cancellation_source").GetString()).ShouldBe(("CANCELLED", CancellationSources.InventoryDepleted));
        Names(story, "event").ShouldBeSubsetOf(
            [Topics.CheckoutInitiated, Topics.OrderCreated, Topics.PaymentProcessed, Topics.OrderConfirmed, Topics.InventoryDepleted, Topics.OrderCancelled, Topics.PaymentRefunded, Topics.NotificationSend, Topics.FraudDetected]);
        Names(story, "saga").ShouldBe(["placed", "paid", "cancelled", "closed"]);
        ShouldFollow(story, but: [Topics.CheckoutInitiated, Topics.FraudDetected]);
    }

    /// <summary>The order's story as soon as the mail is out, and these events are kept, each of which comes by itself.</summary>
    async Task<JsonElement> Story(string orderId, params string[] events)
    {
        using var http = new HttpClient();
        var story = default(JsonElement);
        await Eventually.Until(
            async () =>
            {
                story = await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{shop.AppPort(AppIds.Analytics)}/orders/{orderId}/story");
                return !events.Except(Names(story, "event")).Any() && story.GetProperty("missing").GetArrayLength() == 0 && story.GetProperty("waits_for").GetArrayLength() == 0
                    && Steps(story).Any(step => step.GetProperty("kind").GetString() == "mail" && step.GetProperty("status").GetString() == "SENT");
            },
            Soon,
            $"the story of {orderId}");
        return story;
    }

    /// <summary>Every step but the first follows from another one of the story, and none comes before its cause.</summary>
    static void ShouldFollow(JsonElement story, string[] but)
    {
        foreach (var step in Steps(story).Where(step => !but.Contains(step.GetProperty("name").GetString())))
            step.GetProperty("ms_since_cause").GetInt64().ShouldBeGreaterThanOrEqualTo(0, step.GetRawText());
    }

    static IEnumerable<JsonElement> Steps(JsonElement story) => story.GetProperty("steps").EnumerateArray();

    static List<string> Names(JsonElement story, string kind) => [.. Steps(story).Where(step => step.GetProperty("kind").GetString() == kind).Select(step => step.GetProperty("name").GetString()!)];
}
