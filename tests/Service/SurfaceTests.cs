using System.Net;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>What each service shows: its subscriptions, routes and pages, as the specification's tables have them.</summary>
public sealed class SurfaceTests(OneOfEach services)
{
    [Theory]
    [InlineData("Cart", "", "/cart/{user_id} /cart/{user_id}/checkout /cart/{user_id}/items /cart/{user_id}/items/{product_id}")]
    [InlineData("Order", "cart.checkout_initiated inventory.depleted inventory.released inventory.reserved payment.failed payment.processed payment.refunded",
        "/orders/user/{user_id} /orders/{order_id} /orders/{order_id}/cancel /orders/{order_id}/events /orders/{order_id}/saga")]
    [InlineData("Payment", "order.cancelled order.created", "/payments/order/{order_id} /payments/{payment_id}")]
    [InlineData("Inventory", "order.cancelled order.confirmed", "/products /products/{product_id} /products/{product_id}/restock")]
    [InlineData("Notification", "fraud.detected inventory.depleted inventory.low notification.send", "/notifications/order/{order_id} /notifications/user/{user_id}")]
    [InlineData("Analytics", "analytics.applied_letters analytics.cart_abandonment analytics.inventory_velocity analytics.operational_metrics analytics.revenue_metrics"
        + " cart.checkout_initiated cart.item_added cart.item_removed dlq.events fraud.detected inventory.depleted inventory.low inventory.released inventory.reserved notification.send"
        + " order.cancelled order.confirmed order.created payment.failed payment.processed payment.refunded",
        "/analytics/abandonment /analytics/changes /analytics/fraud /analytics/operations /analytics/operations/current /analytics/revenue /analytics/summary /analytics/velocity /dead-letters /dead-letters/discard /dead-letters/replay /dead-letters/{id} /dead-letters/{id}/discard /dead-letters/{id}/replay /orders /orders/{order_id}/story")]
    public async Task A_service_subscribes_and_serves_what_the_specification_says(string name, string topics, string routes)
    {
        var service = await services.Get(name);

        var subscriptions = (await service.Get("/dapr/subscribe")).AsArray();
        var paths = (await service.Get("/openapi.json"))["paths"]!.AsObject();

        subscriptions.Select(s => s!["topic"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(topics.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        paths.Select(p => p.Key).Order(StringComparer.Ordinal).ShouldBe(routes.Split(' '));
        foreach (var subscription in subscriptions.Where(s => s!["topic"]!.ToString() != "dlq.events"))
            subscription!["deadLetterTopic"]!.ToString().ShouldBe("dlq.events");
        foreach (var page in (string[])["/health", "/health/ready", "/metrics", "/docs"])
            await Eventually.Until(async () => (await service.Http.GetAsync(page)).StatusCode is HttpStatusCode.OK, TimeSpan.FromSeconds(20), page);
        (await service.Http.GetStringAsync("/metrics")).ShouldContain("service_name=");
        using var head = await service.Http.SendAsync(new(HttpMethod.Head, "/health"));
        (head.StatusCode, await head.Content.ReadAsStringAsync()).ShouldBe((HttpStatusCode.OK, ""));
    }

    [Fact]
    public async Task A_service_is_not_ready_without_its_sidecar_but_lives()
    {
        await using var service = await ServiceProcess.Start("Payment", Database.Sqlite);
        await Eventually.Until(async () => (await service.Http.GetAsync("/health/ready")).IsSuccessStatusCode, TimeSpan.FromSeconds(20), "it is ready");
        await service.Sidecar.DisposeAsync();

        using var ready = await service.Http.GetAsync("/health/ready");
        using var alive = await service.Http.GetAsync("/health");

        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync()).ShouldContain("sidecar");
        alive.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task With_a_token_only_the_sidecar_may_deliver()
    {
        await using var service = await ServiceProcess.Start("Payment", Database.Sqlite, new Dictionary<string, string> { ["APP_API_TOKEN"] = "s3cret" });
        var facts = new Facts();

        using var refused = await service.Http.PostAsync("/events/order.created", new StringContent(facts.Created()));
        var taken = await service.Deliver("order.created", facts.Created(), ("dapr-api-token", "s3cret"));

        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        taken.ShouldBe("SUCCESS");
    }
}
