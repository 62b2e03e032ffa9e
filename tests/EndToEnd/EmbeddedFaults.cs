using Ecom.Contracts;

namespace Ecom.Tests.EndToEnd;

/// <summary>Something dies in the middle of the traffic; afterwards every order has ended once, with one mail, the books add up, and the tables of analytics say what happened.</summary>
public abstract class EmbeddedFaults(EmbeddedWorld world)
{
    const int Customers = 9;
    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(120);

    protected EmbeddedShop Shop => world.Shop;

    [Fact]
    public Task No_order_is_lost_or_doubled_when_the_whole_host_is_killed_and_started_again() => Survives("PROD-017", mayMailTwice: true, async () =>
    {
        await Shop.KillHost();
        await Shop.Up();
    });

    protected async Task Survives(string productId, bool mayMailTwice, Func<Task> fault)
    {
        var stock = await Shop.Stock(productId);
        string[] users = [.. Enumerable.Range(0, Customers).Select(_ => Customer.NewUser("zoe"))];

        // A third before the fault, a third into it, a third after it.
        List<Task<string>> orders = [.. users[..3].Select(Order)];
        await orders[0];
        var recovery = fault();
        orders.AddRange(users[3..6].Select(Order));
        await recovery;
        orders.AddRange(users[6..].Select(Order));
        var orderIds = await Task.WhenAll(orders);
        foreach (var orderId in orderIds)
            await Shop.Customer.WaitFor(orderId, "FULFILLED", Recovery);

        orderIds.Distinct().Count().ShouldBe(Customers);
        (await Shop.Stock(productId)).ShouldBe(stock - Customers);
        foreach (var user in users)
            (await Shop.Rows(AppIds.Order, "SELECT order_id FROM orders WHERE user_id = $1", user)).Count.ShouldBe(1);
        // Mails go one after another: only the one that was under way when its sender was killed can have gone twice.
        (await Shop.Confirmed(orderIds)).ShouldBeLessThanOrEqualTo(Customers + (mayMailTwice ? 1 : 0));
        await Shop.BooksShouldAddUp();
        await Shop.AnalyticsShouldMatchTheBroker();

        Task<string> Order(string user) => Shop.Customer.Order(user, PaymentTokens.Success, (productId, 1));
    }
}

/// <summary>All in one process.</summary>
[Collection(EmbeddedCollection.Name)]
public sealed class EmbeddedFaultsOfOneProcess(EmbeddedWorld world) : EmbeddedFaults(world);

/// <summary>A process for each service.</summary>
public sealed class EmbeddedFaultsOfServices(EmbeddedFaultsOfServices.IsolatedWorld world) : EmbeddedFaults(world), IClassFixture<EmbeddedFaultsOfServices.IsolatedWorld>
{
    [Theory]
    [InlineData(AppIds.Cart, "PROD-011")]
    [InlineData(AppIds.Order, "PROD-012")]
    [InlineData(AppIds.Payment, "PROD-013")]
    [InlineData(AppIds.Inventory, "PROD-014")]
    [InlineData(AppIds.Notification, "PROD-015")]
    [InlineData(AppIds.Analytics, "PROD-016")]
    public Task No_order_is_lost_or_doubled_when_a_service_is_killed(string appId, string productId) => Survives(productId, mayMailTwice: appId == AppIds.Notification, () =>
    {
        Shop.KillApp(appId);
        return Task.CompletedTask;
    });

    public sealed class IsolatedWorld : EmbeddedWorld
    {
        protected override bool IsIsolated => true;
    }
}
