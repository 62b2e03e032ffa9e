using System.Net;
using System.Text;
using Ecom.Contracts;
using Ecom.Sidecar;

namespace Ecom.Tests.EndToEnd;

/// <summary>The doors of the shop as `ecom up` starts it, without a word about tokens from anybody.</summary>
[Collection(EmbeddedCollection.Name)]
public sealed class EmbeddedDoors(EmbeddedWorld world) : IDisposable
{
    readonly EmbeddedShop shop = world.Shop;
    readonly HttpClient http = new();
    readonly string orderId = Ids.NewOrder();

    [Fact]
    public async Task Without_the_token_neither_a_service_nor_a_sidecar_takes_an_event()
    {
        foreach (var app in EmbeddedShop.Apps)
        {
            foreach (var path in (string[])["v1.0/metadata", "v1.0/secrets/secretstore/bulk", "v1.0/state/cartstore/x"])
                (await http.GetAsync($"http://127.0.0.1:{shop.HttpPort(app)}/{path}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{app} {path}");
            (await Post($"http://127.0.0.1:{shop.HttpPort(app)}/v1.0/publish/{Components.PubSub}/{Topics.PaymentProcessed}")).ShouldBe(HttpStatusCode.Unauthorized, app);
        }

        (await Post($"http://127.0.0.1:{shop.AppPort(AppIds.Payment)}/events/{Topics.OrderCreated}")).ShouldBe(HttpStatusCode.Unauthorized);
        (await shop.Rows(AppIds.Payment, "SELECT 1 FROM payments WHERE order_id = $1", orderId)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_app_that_invokes_anothers_subscription_is_refused()
    {
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(shop.Data));
        var sidecar = $"http://127.0.0.1:{shop.HttpPort(AppIds.Cart)}/v1.0/invoke/{AppIds.Payment}/method";

        foreach (var path in (string[])["/events/", "/EVENTS/", "/health/../events/", "/%65vents/"])
            (await Post($"{sidecar}{path}{Topics.OrderCreated}")).ShouldBe(HttpStatusCode.Forbidden, path);

        (await http.GetAsync($"{sidecar}/health")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await shop.Rows(AppIds.Payment, "SELECT 1 FROM payments WHERE order_id = $1", orderId)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_environment_is_no_secret_to_be_had()
    {
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(shop.Data));

        (await http.GetStringAsync($"http://127.0.0.1:{shop.HttpPort(AppIds.Order)}/v1.0/secrets/secretstore/bulk")).ShouldBe("{}");
        (await http.GetStringAsync($"http://127.0.0.1:{shop.HttpPort(AppIds.Order)}/v1.0/secrets/secretstore/PATH")).ShouldBe("""{"PATH":""}""");
    }

    public void Dispose() => http.Dispose();

    /// <summary>An event that the service would take from its sidecar.</summary>
    async Task<HttpStatusCode> Post(string address)
    {
        using var body = new StringContent(
            $$$"""{"specversion":"1.0","id":"{{{orderId}}}","source":"order-service","type":"order.created","time":"2026-01-02T12:00:00Z","datacontenttype":"application/json","data":{"order_id":"{{{orderId}}}","user_id":"u1","items":[{"product_id":"PROD-001","quantity":1,"price":1.00,"item_total":1.00}],"total_amount":1.00}}""",
            Encoding.UTF8, "application/cloudevents+json");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = body };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
