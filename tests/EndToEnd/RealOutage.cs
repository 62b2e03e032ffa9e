using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>A part is away for several times as long as an order waits for an answer; no order is cancelled for that.</summary>
[Collection(SmallWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public sealed class RealOutage(SmallWorld world)
{
    const int Customers = 5;
    static readonly TimeSpan Outage = 3 * SmallWorld.Deadline;

    [Fact]
    public Task Orders_outlive_an_outage_of_payment_service() => Outlive("PROD-006", () => world.Shop.TakeAwayApp(AppIds.Payment));

    [Fact]
    [Trait("Length", "Long")]
    public Task Orders_outlive_an_outage_of_its_sidecar() => Outlive("PROD-007", () => world.Shop.TakeAwaySidecar(AppIds.Payment));

    async Task Outlive(string productId, Func<Action> takeAway)
    {
        var stock = await world.Stock(productId);
        var bringBack = takeAway();
        var orderIds = await Task.WhenAll(Enumerable.Range(0, Customers).Select(_ => world.Customer.Order(Customer.NewUser("uma"), PaymentTokens.Success, (productId, 1))));
        await Eventually.Until(async () => await Waiting(orderIds) == Customers, 2 * Outage, $"all have waited for {Outage}");

        bringBack();

        foreach (var orderId in orderIds)
            await world.Customer.WaitFor(orderId, "FULFILLED", TimeSpan.FromSeconds(90));
        (await world.Stock(productId)).ShouldBe(stock - Customers);
        await world.Confirmed(orderIds);
        await world.Shop.Ready();
        (await world.Shop.Audit()).ShouldContain("\"books_ok\":true");
    }

    /// <summary>How many of the orders are still open, and have been looked at when they were older than the outage is to last.</summary>
    async Task<long> Waiting(string[] orderIds) => (long)(await world.Row("order_service",
        "SELECT count(*) FROM orders WHERE order_id = ANY($1) AND status = 'PENDING' AND looked_at > created_at + $2", orderIds, Outage))!["count"]!;
}
