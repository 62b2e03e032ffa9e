using System.Net;
using System.Net.Http.Json;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The doors of the shop on real Dapr, with tokens from its environment as from .env.</summary>
[Collection(RealWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public sealed class RealDoors(RealWorld world) : IDisposable
{
    readonly HttpClient http = new();
    readonly string orderId = Ids.NewOrder();

    [Fact]
    public async Task Dapr_run_hands_the_tokens_to_services_and_sidecars()
    {
        (await http.Forge($"http://127.0.0.1:{world.Shop.AppPort(AppIds.Payment)}/events/{Topics.OrderCreated}", orderId)).ShouldBe(HttpStatusCode.Unauthorized);
        (await http.Forge($"http://127.0.0.1:{world.Shop.SidecarPort(AppIds.Order)}/v1.0/publish/{Components.PubSub}/{Topics.OrderCreated}", orderId)).ShouldBe(HttpStatusCode.Unauthorized);
        (await http.GetAsync($"http://127.0.0.1:{world.Shop.SidecarPort(AppIds.Order)}/v1.0/secrets/secretstore/bulk")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task By_daprd_too_no_app_can_invoke_anothers_subscription()
    {
        http.DefaultRequestHeaders.Add("dapr-api-token", RunningShop.ApiToken);
        var sidecar = $"http://127.0.0.1:{world.Shop.SidecarPort(AppIds.Cart)}/v1.0/invoke/{AppIds.Payment}/method";

        foreach (var path in (string[])["/events/", "/EVENTS/", "/%65vents/"])
            (await http.Forge($"{sidecar}{path}{Topics.OrderCreated}", orderId)).ShouldBe(HttpStatusCode.Forbidden, path);

        (await http.GetAsync($"{sidecar}/health")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await world.Rows("payment_service", "SELECT 1 FROM payments WHERE order_id = $1", orderId)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Dapr_run_hands_the_operators_key_to_the_services()
    {
        var restock = new Uri($"http://127.0.0.1:{world.Shop.AppPort(AppIds.Inventory)}/products/PROD-020/restock");

        (await http.PostAsJsonAsync(restock, new { quantity = 1 })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await world.Shop.Customer.Restock("PROD-020", 1);
    }

    /// <summary>Where a sidecar is on this machine, too, and has the token: a way to any service, but to nobody's things.</summary>
    [Fact]
    public async Task By_daprd_too_an_invocation_opens_no_route_of_a_customer()
    {
        http.DefaultRequestHeaders.Add("dapr-api-token", RunningShop.ApiToken);
        var orders = $"http://127.0.0.1:{world.Shop.SidecarPort(AppIds.Cart)}/v1.0/invoke/{AppIds.Order}/method/orders/user/somebody";

        (await http.GetAsync(orders)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        http.DefaultRequestHeaders.Authorization = new("Bearer", Customer.Key);
        (await http.GetAsync(orders)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    public void Dispose() => http.Dispose();
}
