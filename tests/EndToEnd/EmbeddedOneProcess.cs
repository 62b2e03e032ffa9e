using System.Text.RegularExpressions;
using Ecom.Contracts;

namespace Ecom.Tests.EndToEnd;

/// <summary>Six services in one process, each of which shows and says what is its own.</summary>
[Collection(EmbeddedCollection.Name)]
public sealed partial class EmbeddedOneProcess(EmbeddedWorld world)
{
    readonly EmbeddedShop shop = world.Shop;

    [Fact]
    public async Task Each_service_counts_its_own()
    {
        var orderId = await shop.Customer.Order(Customer.NewUser("meg"), PaymentTokens.Success, ("PROD-005", 1));
        await shop.Customer.WaitFor(orderId, "FULFILLED");
        await shop.Mail($"Order Confirmed #{orderId}");
        await shop.BooksShouldAddUp();
        await shop.AnalyticsShouldMatchTheBroker();

        var meters = await Task.WhenAll(EmbeddedShop.Apps.Select(async app => (App: app, Text: await Metrics(app))));

        Having("ecom_checkouts_total").ShouldBe([AppIds.Cart]);
        Having("ecom_orders_ended_total").ShouldBe([AppIds.Order]);
        Having("ecom_saga_duration_seconds_count").ShouldBe([AppIds.Order]);
        Having("ecom_analytics_events_total").ShouldBe([AppIds.Analytics]);
        Having("ecom_event_age_seconds_count").ShouldBe([AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification], ignoreOrder: true);
        Having("dotnet_gc_collections_total").Count.ShouldBe(6, "the process's runtime is each service's");
        Having("http_server_request_duration_seconds_count").Count.ShouldBe(6);
        foreach (var (app, text) in meters)
        {
            text.ShouldContain($"service_name=\"{app}\"");
            var routes = Routes().Matches(text).Select(route => route.Groups[1].Value).Distinct().ToList();
            routes.ShouldContain("dapr/subscribe");
            routes.Any(route => route.StartsWith("/cart/", StringComparison.Ordinal)).ShouldBe(app == AppIds.Cart, app);
            routes.Contains("/orders/{order_id}").ShouldBe(app == AppIds.Order, app);
        }

        IReadOnlyList<string> Having(string name) => [.. meters.Where(meter => meter.Text.Contains($"\n{name}{{", StringComparison.Ordinal)).Select(meter => meter.App)];
    }

    [Fact]
    public async Task Each_service_has_its_own_name_version_and_lines()
    {
        using var http = new HttpClient();
        foreach (var app in EmbeddedShop.Apps)
            (await http.GetStringAsync($"http://127.0.0.1:{shop.AppPort(app)}/health")).ShouldBe($$"""{"status":"healthy","service":"{{app}}","version":"0.1.0"}""");

        var lines = shop.Log().Where(line => line.Contains("\"Service\":", StringComparison.Ordinal)).ToList();

        lines.ShouldNotBeEmpty();
        lines.ShouldAllBe(line => line.Contains($"\"Service\":\"{line.Split(' ')[0]}\""));
    }

    /// <summary>As the system lists them: nobody else calls these ports.</summary>
    [Fact(SkipUnless = nameof(OnLinux), Skip = "The system's list of connections is Linux's.")]
    public async Task Services_call_their_sidecars_without_a_connection_of_the_systems()
    {
        var orderId = await shop.Customer.Order(Customer.NewUser("meg"), PaymentTokens.Success, ("PROD-006", 1));
        await shop.Customer.WaitFor(orderId, "FULFILLED");

        var established = ((string[])["/proc/net/tcp", "/proc/net/tcp6"]).Where(File.Exists).SelectMany(File.ReadLines).Where(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3] == "01").ToList();

        foreach (var app in EmbeddedShop.Apps)
            established.Where(line => line.Contains($":{shop.GrpcPort(app):X4} ", StringComparison.Ordinal)).ShouldBeEmpty(app);
    }

    public static bool OnLinux => OperatingSystem.IsLinux();

    async Task<string> Metrics(string app)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync($"http://127.0.0.1:{shop.AppPort(app)}/metrics");
    }

    [GeneratedRegex("http_route=\"([^\"]+)\"")]
    private static partial Regex Routes();
}
