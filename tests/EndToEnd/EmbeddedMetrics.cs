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
        await shop.Customer.OrderForFigures(await shop.Stock("PROD-016"));

        await EmbeddedShop.Apps.Select(shop.AppPort).ShouldAnswerBoardsAndAlerts("services", "computed analytics");
    }

    [Fact]
    [Needs(Runtime.Prometheus)]
    public async Task Every_panel_of_the_services_shows_something_while_customers_order()
    {
        await using var prometheus = await PrometheusServer.Start(EmbeddedShop.Apps.ToDictionary(app => $"{app}:8080", shop.AppPort));
        await shop.Customer.OrderForFigures(await shop.Stock("PROD-016"));

        await prometheus.ShouldFillPanels("services", "computed analytics");
    }
}
