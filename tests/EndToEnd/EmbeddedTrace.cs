using System.Text.Json;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>An order is one trace, from the checkout to the mail, through every service that takes part and every queue.</summary>
public sealed class EmbeddedTrace(EmbeddedTrace.TracedWorld world) : IClassFixture<EmbeddedTrace.TracedWorld>
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_fulfilled_order_is_one_trace_without_an_orphan()
    {
        var orderId = await world.Shop.Customer.Order(Customer.NewUser("ada"), PaymentTokens.Success, ("PROD-002", 1));
        await world.Shop.Customer.WaitFor(orderId, "FULFILLED");
        await world.Shop.Mail($"Order Confirmed #{orderId}");

        await ShouldBeOneTrace(orderId, TraceCollector.Fulfilment);
    }

    [Fact]
    public async Task An_order_that_is_cancelled_after_its_payment_is_one_trace_without_an_orphan()
    {
        var orderId = await world.Shop.Customer.Order(Customer.NewUser("eve"), PaymentTokens.Success, ("PROD-018", await world.Shop.Stock("PROD-018") + 1));
        await world.Shop.Customer.WaitFor(orderId, "CANCELLED");
        await world.Shop.Mail($"Order Cancelled - Out of Stock #{orderId}");

        await ShouldBeOneTrace(orderId, Topics.PaymentProcessed, Topics.InventoryDepleted, Topics.OrderCancelled, Topics.PaymentRefunded, Topics.NotificationSend, "gateway", "saga", "decide", "mail");
    }

    async Task ShouldBeOneTrace(string orderId, params string[] names)
    {
        var trace = TraceCollector.TraceOf(await world.Shop.Row(AppIds.Order, "SELECT trace_parent FROM orders WHERE order_id = $1", orderId));
        await world.Collector.ShouldHoldWhole(trace, names);
        await Eventually.Until(() => LinesShouldCarry(trace, orderId), Soon, $"every line of {orderId} says to what it belongs");
    }

    /// <summary>Who reads one line of an order finds its trace, and the event that led to it.</summary>
    bool LinesShouldCarry(string trace, string orderId)
    {
        var lines = world.Shop.Log().Where(line => line.Contains(orderId, StringComparison.Ordinal) && line.Contains('{'))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line[line.IndexOf('{')..]))
            .Where(line => Property(line, "SourceContext")?.StartsWith("Ecom.", StringComparison.Ordinal) == true)
            // An alert is computed from many orders' events: it has a trace of its own.
            .Where(line => !Property(line, "@m")!.Contains("fraud", StringComparison.Ordinal)).ToList();
        foreach (var line in lines)
            (Property(line, "@tr"), Property(line, "OrderId")).ShouldBe((trace, orderId), line.GetRawText());
        lines.Select(line => Property(line, "Service")).Distinct().ShouldBe(TraceCollector.Parts, ignoreOrder: true);
        var placed = lines.Single(line => Property(line, "@m")!.Contains("placed", StringComparison.Ordinal));
        Property(placed, "CloudEventId").ShouldNotBeNull();
        return true;

        static string? Property(JsonElement line, string name) => line.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
    }

    public sealed class TracedWorld : IAsyncLifetime
    {
        HeavyLock? alone;

        public EmbeddedShop Shop { get; private set; } = null!;

        internal TraceCollector Collector { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            alone = await HeavyLock.Take();
            Collector = await TraceCollector.Start();
            Shop = await EmbeddedShop.Start(new(Collector.Settings) { ["LOG_FORMAT"] = "json" });
        }

        public async ValueTask DisposeAsync()
        {
            await Shop.DisposeAsync();
            await Collector.DisposeAsync();
            alone?.Dispose();
        }
    }
}
