using Ecom.Contracts;

namespace Ecom.Tests.EndToEnd;

/// <summary>Something dies in the middle of the traffic; afterwards every order has ended once, with one mail, the books add up, and the tables of analytics say what happened.</summary>
[Collection(EmbeddedCollection.Name)]
public class EmbeddedFaults(EmbeddedWorld world)
{
    const int Customers = 9;
    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(120);
    readonly EmbeddedShop shop = world.Shop;

    [Theory]
    [InlineData(AppIds.Cart, "PROD-011")]
    [InlineData(AppIds.Order, "PROD-012")]
    [InlineData(AppIds.Payment, "PROD-013")]
    [InlineData(AppIds.Inventory, "PROD-014")]
    [InlineData(AppIds.Notification, "PROD-015")]
    [InlineData(AppIds.Analytics, "PROD-016")]
    public Task No_order_is_lost_or_doubled_when_a_service_is_killed(string appId, string productId) => Survives(productId, () =>
    {
        shop.KillApp(appId);
        return Task.CompletedTask;
    });

    [Fact]
    public Task No_order_is_lost_or_doubled_when_the_whole_host_is_killed_and_started_again() => Survives("PROD-017", async () =>
    {
        await shop.KillHost();
        await shop.Up();
    });

    async Task Survives(string productId, Func<Task> fault)
    {
        var stock = await shop.Stock(productId);
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
            await shop.Customer.WaitFor(orderId, "FULFILLED", Recovery);

        orderIds.Distinct().Count().ShouldBe(Customers);
        (await shop.Stock(productId)).ShouldBe(stock - Customers);
        foreach (var user in users)
            (await shop.Rows(AppIds.Order, "SELECT order_id FROM orders WHERE user_id = $1", user)).Count.ShouldBe(1);
        foreach (var orderId in orderIds)
            await shop.Mails($"Order Confirmed #{orderId}", 1);
        await shop.BooksShouldAddUp();
        await shop.AnalyticsShouldMatchTheBroker();

        Task<string> Order(string user) => shop.Customer.OrderStubbornly(user, PaymentTokens.Success, productId);
    }
}
