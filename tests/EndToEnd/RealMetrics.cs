using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>What boards and alerts ask for, on real Dapr: the sidecars, placement and the scheduler tell it, and the services.</summary>
[Collection(SmallWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public sealed class RealMetrics(SmallWorld world)
{
    [Fact]
    public async Task Every_metric_of_a_panel_or_an_alert_is_told()
    {
        await world.Customer.OrderForFigures(await world.Stock("PROD-016"));
        int[] ports =
        [
            .. EmbeddedShop.Apps.Select(world.Shop.AppPort), .. EmbeddedShop.Apps.Select(world.Shop.SidecarMetrics),
            world.Backends.Dapr.PlacementMetrics, world.Backends.Dapr.SchedulerMetrics,
        ];

        await ports.ShouldAnswerBoardsAndAlerts("services", "dapr");
    }

    [Fact]
    [Needs(Runtime.RealWorld | Runtime.Prometheus)]
    public async Task Every_panel_shows_something_while_customers_order()
    {
        await using var prometheus = await PrometheusServer.Start(new Dictionary<string, int>(
        [
            .. EmbeddedShop.Apps.Select(app => KeyValuePair.Create($"{app}:8080", world.Shop.AppPort(app))),
            .. EmbeddedShop.Apps.Select(app => KeyValuePair.Create($"{app}:9090", world.Shop.SidecarMetrics(app))),
            new("placement:9090", world.Backends.Dapr.PlacementMetrics), new("scheduler:9090", world.Backends.Dapr.SchedulerMetrics),
        ]));
        await world.Customer.OrderForFigures(await world.Stock("PROD-016"));

        await prometheus.ShouldFillPanels("services", "dapr");
    }
}
