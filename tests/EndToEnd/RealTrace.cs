using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>An order is one trace on real Dapr, too: what the sidecars and the broker carry stays in it, and their own spans belong to it.</summary>
[Collection(SmallWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public sealed class RealTrace(SmallWorld world)
{
    [Fact]
    public async Task A_fulfilled_order_is_one_trace_without_an_orphan()
    {
        var orderId = await world.Customer.Order(Customer.NewUser("ada"), PaymentTokens.Success, ("PROD-002", 1));
        await world.Customer.WaitFor(orderId, "FULFILLED");
        await world.Mail($"Order Confirmed #{orderId}");

        var placed = await world.Row("order_service", "SELECT trace_parent FROM orders WHERE order_id = $1", orderId);
        await world.Collector.ShouldHoldWhole(TraceCollector.TraceOf(placed!), TraceCollector.Fulfilment);
    }
}
