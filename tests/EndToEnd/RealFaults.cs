using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>Something dies in the middle of the traffic; afterwards every order has ended once, and the books add up.</summary>
[Collection(RealWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public class RealFaults(RealWorld world)
{
    const int Customers = 12;

    /// <summary>Longer than a subscriber's three attempts take: an outage is no fault of the events.</summary>
    static readonly TimeSpan Outage = TimeSpan.FromSeconds(6);

    [Fact]
    public Task No_order_is_lost_when_order_service_is_killed() => Survives("PROD-012", () => Task.Run(() => world.Shop.KillApp(AppIds.Order)));

    [Fact]
    public Task No_order_is_lost_when_payment_service_is_killed() => Survives("PROD-014", () => Task.Run(() => world.Shop.KillApp(AppIds.Payment)));

    [Fact]
    public Task No_order_is_lost_when_the_sidecar_of_order_service_is_killed() => Survives("PROD-015", () => Task.Run(() => world.Shop.KillSidecar(AppIds.Order)));

    [Fact]
    public Task No_order_is_lost_when_a_broker_is_killed() => Survives("PROD-016", async () =>
    {
        world.Backends.Kafka.Kill(0);
        await world.Backends.Kafka.Restart(0);
    });

    [Fact]
    public Task No_order_is_lost_when_the_database_is_away() => Survives("PROD-017", async () =>
    {
        world.Backends.Postgres.Kill();
        await Task.Delay(Outage);
        await world.Backends.Postgres.StartServer();
    });

    [Fact]
    public Task No_order_is_lost_when_the_carts_are_gone() => Survives("PROD-018", async () =>
    {
        world.Backends.Redis.Kill();
        await Task.Delay(Outage);
        await world.Backends.Redis.StartServer();
    });

    async Task Survives(string productId, Func<Task> fault)
    {
        var stock = await world.Stock(productId);
        var users = Enumerable.Range(0, Customers).Select(_ => Customer.NewUser("zoe")).ToList();

        // A third before the fault, a third into it, a third after it.
        List<Task<string>> orders = [.. users.Take(4).Select(user => world.Customer.Order(user, PaymentTokens.Success, (productId, 1)))];
        await orders[0];
        var recovery = fault();
        orders.AddRange(users.Skip(4).Take(4).Select(user => world.Customer.Order(user, PaymentTokens.Success, (productId, 1))));
        await recovery;
        orders.AddRange(users.Skip(8).Select(user => world.Customer.Order(user, PaymentTokens.Success, (productId, 1))));

        var orderIds = await Task.WhenAll(orders);
        foreach (var orderId in orderIds)
            try
            {
                await world.Customer.WaitFor(orderId, "FULFILLED", TimeSpan.FromSeconds(90));
            }
            catch (TimeoutException e)
            {
                throw new TimeoutException($"{e.Message} {await world.Whereabouts(orderIds)}");
            }
        orderIds.Distinct().Count().ShouldBe(Customers);
        (await world.Stock(productId)).ShouldBe(stock - Customers);
        await world.Confirmed(orderIds);
        await world.Shop.Ready();
        (await world.Shop.Audit()).ShouldContain("\"books_ok\":true");
    }
}
