using System.Net.Http.Json;
using Ecom.Contracts;
using Ecom.Sidecar;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The alerts: each by its figures (alerts.test.yml), and those whose fault is soon made by the fault itself, read by a real Prometheus.</summary>
[Needs(Runtime.Prometheus)]
public sealed class EmbeddedAlerts
{
    static readonly TimeSpan Called = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Prometheus_takes_the_file()
    {
        await ChildProcess.Run("promtool", ["check", "rules", Boards.AlertsFile]);
        await ChildProcess.Run("promtool", ["check", "config", Boards.PrometheusFile]);
    }

    [Fact]
    public async Task Each_alert_fires_in_its_fault_and_in_no_other()
    {
        var file = Repository.File("tests/EndToEnd/alerts.test.yml");
        var text = await File.ReadAllTextAsync(file);

        await ChildProcess.Run("promtool", ["test", "rules", file]);

        Boards.Alerts.Select(alert => alert["alert"].ToString()).ShouldAllBe(name => text.Contains($"alertname=\"{name}\""));
    }

    [Fact]
    public async Task Faults_of_a_running_shop_are_called_and_their_end_is_heard()
    {
        using var alone = await HeavyLock.Take();
        await using var shop = await EmbeddedShop.Start(isIsolated: true);
        await using var prometheus = await PrometheusServer.Start(EmbeddedShop.Apps.ToDictionary(app => $"{app}:8080", shop.AppPort));
        await Eventually.Until(async () => (await prometheus.Ask("up == 1")).Count == EmbeddedShop.Apps.Count, TimeSpan.FromSeconds(30), "all are read");
        (await prometheus.Firing()).ShouldBeEmpty();

        // Payments of orders that nobody knows; a row that was given up; a payment that is answered when the broker is away; a service that hangs.
        for (var i = 0; i < 6; i++)
            await PublishUnknown(shop);
        await shop.Change(AppIds.Inventory, """
            INSERT INTO outbox_events (event_id, topic, key, payload, bytes, created_at, attempts, parked_at, error)
            VALUES ($1, 'inventory.low', 'PROD-001', '{}', 2, '2026-01-01 00:00:00', 10, '2026-01-01 00:00:00', 'refused in a test')
            """, Guid.NewGuid().ToString());
        await Fires("DeadLetters payment.processed");
        var paid = await shop.Customer.Order(Customer.NewUser("ada"), PaymentTokens.Slow, ("PROD-002", 1));
        await Eventually.Until(async () => (await shop.Rows(AppIds.Payment, "SELECT 1 FROM payments WHERE order_id = $1", paid)).Count == 1, TimeSpan.FromSeconds(30), "the gateway is asked");
        using (new Frozen(shop.Host.Id))
        using (new Frozen(shop.ProcessOf(AppIds.Analytics)!.Value))
            foreach (var alert in (string[])["Down analytics-service", "EventsWait payment-service outbox", "EventsParked inventory-service outbox", "InboxFailing order-service payment.processed"])
                await Fires(alert);

        await shop.Customer.WaitFor(paid, "FULFILLED", Called);
        await Eventually.Until(async () => !(await prometheus.Firing()).Any(alert => alert.StartsWith("Down", StringComparison.Ordinal) || alert.StartsWith("EventsWait", StringComparison.Ordinal)), Called, "the calls end with the faults");

        Task Fires(string alert) => Eventually.Until(async () => (await prometheus.Firing()).Contains(alert), Called, $"{alert} is called");
    }

    /// <summary>A payment of an order that nobody knows.</summary>
    static async Task PublishUnknown(EmbeddedShop shop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(shop.Data));
        var e = CloudEvent.New(new PaymentProcessed(Ids.NewPayment(), Ids.NewOrder(), "nobody", 1.00m, "USD", "card"), AppIds.Payment, DateTimeOffset.UtcNow, null, null, null);
        using var body = JsonContent.Create(e, new(CloudEvent<PaymentProcessed>.ContentType), Json.Options);
        (await http.PostAsync(new Uri($"http://127.0.0.1:{shop.SidecarPort(AppIds.Payment)}/v1.0/publish/{Components.PubSub}/{Topics.PaymentProcessed}"), body)).EnsureSuccessStatusCode();
    }
}
