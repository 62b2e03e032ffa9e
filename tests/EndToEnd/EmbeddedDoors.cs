using System.Net;
using System.Net.Http.Json;
using Ecom.Contracts;
using Ecom.Sidecar;
using Ecom.Tests.Support;

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
                (await http.GetAsync($"http://127.0.0.1:{shop.SidecarPort(app)}/{path}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{app} {path}");
            (await http.Forge($"http://127.0.0.1:{shop.SidecarPort(app)}/v1.0/publish/{Components.PubSub}/{Topics.PaymentProcessed}", orderId)).ShouldBe(HttpStatusCode.Unauthorized, app);
        }

        (await http.Forge($"http://127.0.0.1:{shop.AppPort(AppIds.Payment)}/events/{Topics.OrderCreated}", orderId)).ShouldBe(HttpStatusCode.Unauthorized);
        (await shop.Rows(AppIds.Payment, "SELECT 1 FROM payments WHERE order_id = $1", orderId)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_app_that_invokes_anothers_subscription_is_refused()
    {
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(shop.Data));
        var sidecar = $"http://127.0.0.1:{shop.SidecarPort(AppIds.Cart)}/v1.0/invoke/{AppIds.Payment}/method";

        foreach (var path in (string[])["/events/", "/EVENTS/", "/health/../events/", "/%65vents/"])
            (await http.Forge($"{sidecar}{path}{Topics.OrderCreated}", orderId)).ShouldBe(HttpStatusCode.Forbidden, path);

        (await http.GetAsync($"{sidecar}/health")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await shop.Rows(AppIds.Payment, "SELECT 1 FROM payments WHERE order_id = $1", orderId)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_environment_is_no_secret_to_be_had()
    {
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(shop.Data));

        (await http.GetStringAsync($"http://127.0.0.1:{shop.SidecarPort(AppIds.Order)}/v1.0/secrets/secretstore/bulk")).ShouldBe("{}");
        (await http.GetStringAsync($"http://127.0.0.1:{shop.SidecarPort(AppIds.Order)}/v1.0/secrets/secretstore/PATH")).ShouldBe("""{"PATH":""}""");
    }

    [Fact]
    public async Task A_shop_that_was_given_a_key_is_operated_by_whoever_has_it_or_its_folder()
    {
        await using var own = await EmbeddedShop.Start(new() { ["ECOM_ADMIN_KEY"] = Customer.Key });
        var restock = new Uri($"http://127.0.0.1:{own.AppPort(AppIds.Inventory)}/products/PROD-001/restock");

        (await http.PostAsJsonAsync(restock, new { quantity = 1 })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await own.Customer.Restock("PROD-001", 1);
        await using var elsewhere = ChildProcess.StartTool(["dead-letters", "discard", "--all", "--yes", "--data", own.Data, "--port-offset", $"{own.Offset}"], new Dictionary<string, string?> { ["ECOM_ADMIN_KEY"] = null });
        (await elsewhere.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(0, elsewhere.Tail());
        own.Greeting.ShouldContain(line => line == "who is let in: every program on this machine; operators by ECOM_ADMIN_KEY");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(own.Data, "admin-key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task A_shop_that_was_given_none_says_so()
    {
        shop.Greeting.ShouldContain(line => line == "who is let in: every program on this machine, as ECOM_ADMIN_KEY is not set");
        await Eventually.Until(
            () => shop.Log().Count(line => line.Contains("Open to whoever is on this machine, closed to all others", StringComparison.Ordinal)) == EmbeddedShop.Apps.Count,
            TimeSpan.FromSeconds(30), "each service has said so, and it is in the file");
    }

    public void Dispose() => http.Dispose();
}
