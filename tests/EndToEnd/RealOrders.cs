using System.Text.Json;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

[Collection(RealWorldCollection.Name)]
[Needs(Runtime.RealWorld)]
public class RealOrders(RealWorld world)
{
    [Fact]
    public async Task An_order_is_paid_reserved_fulfilled_and_mailed()
    {
        var user = Customer.NewUser("ada");
        var (cables, cases) = (await world.Stock("PROD-002"), await world.Stock("PROD-003"));

        var orderId = await world.Customer.Order(user, PaymentTokens.Success, ("PROD-002", 2), ("PROD-003", 1));
        await world.Customer.WaitFor(orderId, "FULFILLED");

        var order = await world.Row("order_service", "SELECT * FROM orders WHERE order_id = $1", orderId);
        order!["status"].ShouldBe("FULFILLED");
        order["user_id"].ShouldBe(user);
        order["total_amount"].ShouldBe(45.97m);
        (await world.Rows("order_service", "SELECT product_id FROM order_items WHERE order_id = $1 ORDER BY 1", orderId)).Select(r => r["product_id"]).ShouldBe(["PROD-002", "PROD-003"]);
        var payment = await world.Row("payment_service", "SELECT * FROM payments WHERE order_id = $1", orderId);
        payment!["status"].ShouldBe("PROCESSED");
        payment["amount"].ShouldBe(45.97m);
        (await world.Rows("inventory_service", "SELECT quantity FROM stock_reservations WHERE order_id = $1 AND status = 'RESERVED' ORDER BY product_id", orderId)).Select(r => r["quantity"]).ShouldBe([2, 1]);
        (await world.Stock("PROD-002"), await world.Stock("PROD-003")).ShouldBe((cables - 2, cases - 1));

        var mail = await world.Mail($"Order Confirmed #{orderId}");
        mail.To.ShouldBe([$"{user}@example.com"]);
        mail.From.ShouldBe("noreply@ecom.local");
        mail.Html.ShouldContain($"TRK-{orderId[^8..]}");
        mail.Html.ShouldContain("45.97");
        await Eventually.Until(async () => (string?)(await world.Row("notification_service", "SELECT status FROM notifications WHERE order_id = $1", orderId))!["status"] == "SENT", TimeSpan.FromSeconds(10), "the mail is marked as sent");

        var story = Story.Of(world.Backends.Kafka, orderId);
        story.Topics.ShouldBe([Topics.CheckoutInitiated, Topics.InventoryReserved, Topics.NotificationSend, Topics.OrderConfirmed, Topics.OrderCreated, Topics.PaymentProcessed], ignoreOrder: true);
        story.ShouldBe(Topics.CheckoutInitiated, AppIds.Cart, user, causedBy: null);
        story.ShouldBe(Topics.OrderCreated, AppIds.Order, orderId, causedBy: Topics.CheckoutInitiated);
        story.ShouldBe(Topics.PaymentProcessed, AppIds.Payment, orderId, causedBy: Topics.OrderCreated);
        story.ShouldBe(Topics.OrderConfirmed, AppIds.Order, orderId, causedBy: null);
        story.ShouldBe(Topics.InventoryReserved, AppIds.Inventory, orderId, causedBy: Topics.OrderConfirmed);
        story.ShouldBe(Topics.NotificationSend, AppIds.Order, orderId, causedBy: null);
        story.Data(Topics.OrderCreated).GetProperty("total_amount").GetDecimal().ShouldBe(45.97m);
    }

    [Fact]
    public async Task A_declined_card_cancels_the_order_and_charges_nothing()
    {
        var user = Customer.NewUser("bob");
        var stock = await world.Stock("PROD-005");

        var orderId = await world.Customer.Order(user, PaymentTokens.CardDeclined, ("PROD-005", 1));
        await world.Customer.WaitFor(orderId, "CANCELLED");

        var order = await world.Row("order_service", "SELECT * FROM orders WHERE order_id = $1", orderId);
        order!["cancellation_source"].ShouldBe(CancellationSources.PaymentFailed);
        var payment = await world.Row("payment_service", "SELECT * FROM payments WHERE order_id = $1", orderId);
        payment!["status"].ShouldBe("FAILED");
        payment["reason"].ShouldBe("card_declined");
        (await world.Rows("inventory_service", "SELECT 1 FROM stock_reservations WHERE order_id = $1", orderId)).ShouldBeEmpty();
        (await world.Stock("PROD-005")).ShouldBe(stock);

        (await world.Mail($"Order Cancelled - Payment Failed #{orderId}")).To.ShouldBe([$"{user}@example.com"]);

        // It goes out beside the mail's event, not before it.
        await Eventually.Until(() => Story.Of(world.Backends.Kafka, orderId).Topics.Contains(Topics.OrderCancelled), TimeSpan.FromSeconds(30), "the cancellation is on its topic");
        var story = Story.Of(world.Backends.Kafka, orderId);
        story.ShouldBe(Topics.PaymentFailed, AppIds.Payment, orderId, causedBy: Topics.OrderCreated);
        story.Data(Topics.PaymentFailed).GetProperty("reason").GetString().ShouldBe("card_declined");
        story.ShouldBe(Topics.OrderCancelled, AppIds.Order, orderId, causedBy: null);
        story.Data(Topics.OrderCancelled).GetProperty("cancellation_source").GetString().ShouldBe(CancellationSources.PaymentFailed);
        story.Topics.ShouldNotContain(Topics.PaymentProcessed);
        story.Topics.ShouldNotContain(Topics.OrderConfirmed);
    }

    [Fact]
    public async Task A_sold_out_product_gives_the_money_back_and_tells_customer_and_admin()
    {
        var user = Customer.NewUser("eve");
        var stock = await world.Stock("PROD-018");

        var orderId = await world.Customer.Order(user, PaymentTokens.Success, ("PROD-018", stock + 1), ("PROD-019", 1));
        await world.Customer.WaitFor(orderId, "CANCELLED");

        var order = await world.Row("order_service", "SELECT * FROM orders WHERE order_id = $1", orderId);
        order!["cancellation_source"].ShouldBe(CancellationSources.InventoryDepleted);
        order["refunded_amount"].ShouldBe(order["total_amount"]);
        var payment = await world.Row("payment_service", "SELECT * FROM payments WHERE order_id = $1", orderId);
        payment!["status"].ShouldBe("REFUNDED");
        payment["amount"].ShouldBe(order["total_amount"]);
        (await world.Stock("PROD-018")).ShouldBe(stock);
        (await world.Rows("inventory_service", "SELECT 1 FROM stock_reservations WHERE order_id = $1 AND status = 'RESERVED'", orderId)).ShouldBeEmpty();

        var mail = await world.Mail($"Order Cancelled - Out of Stock #{orderId}");
        mail.To.ShouldBe([$"{user}@example.com"]);
        mail.Html.ShouldContain($"{order["total_amount"]:0.00}");
        (await world.Mail("Out of Stock Alert: Product #PROD-018")).To.ShouldBe(["admin@ecom.local"]);

        var story = Story.Of(world.Backends.Kafka, orderId);
        story.ShouldBe(Topics.InventoryDepleted, AppIds.Inventory, "PROD-018", causedBy: Topics.OrderConfirmed);
        story.ShouldBe(Topics.OrderCancelled, AppIds.Order, orderId, causedBy: null);
        story.ShouldBe(Topics.PaymentRefunded, AppIds.Payment, orderId, causedBy: Topics.OrderCancelled);
        story.Topics.ShouldNotContain(Topics.InventoryReserved);
    }

    [Fact]
    public async Task A_customer_cancels_before_the_payment_answers()
    {
        var user = Customer.NewUser("kim");
        var orderId = await world.Customer.Order(user, PaymentTokens.Timeout, ("PROD-008", 1));
        await world.Customer.WaitFor(orderId, "PENDING");

        await world.Customer.Cancel(orderId);
        await world.Customer.WaitFor(orderId, "CANCELLED");

        (await world.Row("order_service", "SELECT cancellation_source FROM orders WHERE order_id = $1", orderId))!["cancellation_source"].ShouldBe(CancellationSources.Customer);
        await world.Mail($"Order Cancelled #{orderId}");
        await Eventually.Until(
            async () => (string?)(await world.Row("payment_service", "SELECT status FROM payments WHERE order_id = $1", orderId))?["status"] == "CANCELLED",
            TimeSpan.FromSeconds(20),
            "the payment is called off");
    }

    [Fact]
    public async Task A_customer_who_cancels_after_paying_gets_the_money_back_and_the_stock_returns()
    {
        var user = Customer.NewUser("lou");
        var stock = await world.Stock("PROD-011");
        // The price is asked of inventory-service: the cart is filled before that one stands still.
        await world.Customer.Add(user, "PROD-011", 3);
        string orderId;
        using (world.Shop.FreezeApp(AppIds.Inventory))
        {
            orderId = await world.Customer.Checkout(user, PaymentTokens.Success);
            await world.Customer.WaitFor(orderId, "PAID");
            await world.Customer.Cancel(orderId);
        }

        await world.Customer.WaitFor(orderId, "CANCELLED");

        (await world.Row("payment_service", "SELECT status FROM payments WHERE order_id = $1", orderId))!["status"].ShouldBe("REFUNDED");
        await Eventually.Until(async () => await world.Stock("PROD-011") == stock, TimeSpan.FromSeconds(20), "the stock is back");
        (await world.Mail($"Order Cancelled #{orderId}")).Html.ShouldContain("104.97");
        var story = Story.Of(world.Backends.Kafka, orderId);
        story.Data(Topics.OrderCancelled).GetProperty("cancellation_source").GetString().ShouldBe(CancellationSources.Customer);
        story.ShouldBe(Topics.PaymentRefunded, AppIds.Payment, orderId, causedBy: Topics.OrderCancelled);
    }

    [Fact]
    public async Task A_parked_event_is_listed_and_goes_out_when_the_operator_says_so()
    {
        var user = Customer.NewUser("carol");
        var e = CloudEvent.New(new CartItemRemoved(user, "PROD-001"), AppIds.Order, DateTimeOffset.UtcNow, null, null, null);
        var id = (long)(await world.Row("order_service", """
            INSERT INTO outbox_events (event_id, topic, key, payload, bytes, created_at, attempts, parked_at, error)
            VALUES ($1, $2, $3, $4, 1000, now(), 10, now(), 'refused in a test') RETURNING id
            """, e.Id, Topics.CartItemRemoved, user, JsonSerializer.Serialize(e, Json.Options)))!["id"]!;

        (await world.Shop.Tool("outbox", "list")).ShouldContain("refused in a test");
        await world.Shop.Tool("outbox", "retry", "--service", AppIds.Order, "--id", $"{id}");

        await Eventually.Until(async () => await world.Row("order_service", "SELECT 1 FROM outbox_events WHERE id = $1", id) is null, TimeSpan.FromSeconds(30), "it is sent");
        (await world.Shop.Tool("outbox", "list")).ShouldContain("no event is parked");
    }

    [Fact]
    public async Task The_tool_demonstrates_and_audits_the_running_shop()
    {
        var output = await world.Shop.Demo();

        output.ShouldContain("\"books_ok\":true");
        var audit = await world.Shop.Audit();
        audit.ShouldStartWith($"books   PostgreSQL {world.Backends.Postgres.Host}:{world.Backends.Postgres.Port}/{Backends.Database}");
        audit.ShouldContain("\"books_ok\":true");
    }

    [Fact]
    public async Task A_load_without_a_Spark_job_says_so_and_waits_for_no_rows()
    {
        await world.Rows("analytics_service", "DELETE FROM operational_metrics");

        var (figures, output) = await world.Shop.Load(orders: 3, users: 1);

        output.ShouldContain("analytics are not measured: no row of the last hour, and no Spark server at sc://localhost:");
        output.ShouldNotContain("waiting for analytics");
        figures.GetProperty("fulfilled").GetInt32().ShouldBe(3);
    }
}
