using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>
/// `ecom clean` under real Dapr: daprd, Kafka's groups and the services go on, with nothing in tables and topics. In a world of its own:
/// Spark's jobs take topics that lost their beginning for cut by retention, and leave the minutes after it alone.
/// </summary>
[Needs(Runtime.RealWorld)]
public class RealClean(OneBrokerWorld world) : IClassFixture<OneBrokerWorld>
{
    [Fact]
    public async Task A_shop_that_runs_goes_on_with_empty_tables_and_topics()
    {
        var old = await world.Customer.Order(Customer.NewUser("old"), PaymentTokens.Success, ("PROD-001", 6));
        await world.Customer.WaitFor(old, "FULFILLED");
        // What is still on its way finds the tables empty and fills them again: the old order's last event, and the open one's first.
        await world.Mail($"Order Confirmed #{old}");
        (await world.Shop.Audit()).ShouldContain("\"books_ok\":true");
        var open = await world.Customer.Order(Customer.NewUser("old"), PaymentTokens.Timeout, ("PROD-002", 1));
        await Eventually.Until(
            async () => await world.Row("payment_service", "SELECT order_id FROM payments WHERE order_id = $1", open) is not null, TimeSpan.FromSeconds(30), "its payment is asked for");

        (await world.Shop.Clean("database")).ShouldContain("1 of 1 open sagas ended");
        await world.Shop.Clean("kafka");

        (await world.Row("order_service", "SELECT count(*) AS n FROM orders"))!["n"].ShouldBe(0L);
        (await world.Row("payment_service", "SELECT count(*) AS n FROM payments"))!["n"].ShouldBe(0L);
        (await world.Row("notification_service", "SELECT count(*) AS n FROM notifications"))!["n"].ShouldBe(0L);
        (await world.Row("inventory_service", "SELECT count(*) AS n FROM stock_reservations"))!["n"].ShouldBe(0L);
        (await world.Row("inventory_service", "SELECT count(*) AS products, min(stock) AS least, max(stock) AS most FROM products"))!.Values.ShouldBe([20L, 100, 100]);
        (await world.Row("order_service", "SELECT count(*) AS n FROM __migrations"))!["n"].ShouldNotBe(0L);
        world.Backends.Kafka.Read(Topics.OrderCreated, Topics.PaymentProcessed, Topics.NotificationSend).ShouldBeEmpty();
        var next = await world.Customer.Order(Customer.NewUser("new"), PaymentTokens.Success, ("PROD-001", 1));
        await world.Customer.WaitFor(next, "FULFILLED");
        await world.Mail($"Order Confirmed #{next}");
        (await world.Shop.Audit()).ShouldContain("\"books_ok\":true");
    }
}
