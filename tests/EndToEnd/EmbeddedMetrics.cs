using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>What boards and alerts ask for of the services is there without real Dapr, too.</summary>
[Collection(EmbeddedCollection.Name)]
public sealed class EmbeddedMetrics(EmbeddedWorld world)
{
    readonly EmbeddedShop shop = world.Shop;

    [Fact]
    public async Task Every_metric_of_a_service_is_told()
    {
        await Order();

        (await Task.WhenAll(EmbeddedShop.Apps.Select(app => Metrics.Page(shop.AppPort(app))))).ShouldAnswerBoardsAndAlerts("services", "computed analytics");
    }

    [Fact]
    [Needs(Runtime.Prometheus)]
    public async Task Every_panel_of_the_services_shows_something_while_customers_order()
    {
        await using var prometheus = await PrometheusServer.Start(EmbeddedShop.Apps.ToDictionary(app => $"{app}:8080", shop.AppPort));
        await Order();

        await prometheus.ShouldFillPanels("services", "computed analytics");
    }

    /// <summary>One that is fulfilled, and one that is paid, sold out and paid back.</summary>
    async Task Order()
    {
        var fulfilled = await shop.Customer.Order(Customer.NewUser("ada"), PaymentTokens.Success, ("PROD-002", 1));
        var depleted = await shop.Customer.Order(Customer.NewUser("eve"), PaymentTokens.Success, ("PROD-018", await shop.Stock("PROD-018") + 1));
        await shop.Customer.WaitFor(fulfilled, "FULFILLED");
        await shop.Customer.WaitFor(depleted, "CANCELLED");
        await Eventually.Until(async () => (await shop.Customer.Read(depleted)).Closed, TimeSpan.FromSeconds(30), "the money is given back");
    }
}
