using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Tests.EndToEnd;

/// <summary>Each way of an order through the embedded shop, down to the rows and the mails.</summary>
[Collection(EmbeddedCollection.Name)]
public class EmbeddedOrders(EmbeddedWorld world)
{
    readonly EmbeddedShop shop = world.Shop;

    [Fact]
    public async Task An_order_is_paid_reserved_fulfilled_and_mailed()
    {
        var user = Customer.NewUser("ada");
        var (cables, cases) = (await shop.Stock("PROD-002"), await shop.Stock("PROD-003"));

        var orderId = await shop.Customer.Order(user, PaymentTokens.Success, ("PROD-002", 2), ("PROD-003", 1));
        await shop.Customer.WaitFor(orderId, "FULFILLED");

        var order = await shop.Row(AppIds.Order, "SELECT * FROM orders WHERE order_id = $1", orderId);
        (order["user_id"], order["status"], order["total_amount"]).ShouldBe((user, "FULFILLED", "45.97"));
        var payment = await shop.Row(AppIds.Payment, "SELECT * FROM payments WHERE order_id = $1", orderId);
        (payment["status"], payment["amount"]).ShouldBe(("PROCESSED", "45.97"));
        (await shop.Rows(AppIds.Inventory, "SELECT quantity FROM stock_reservations WHERE order_id = $1 AND status = 'RESERVED' ORDER BY product_id", orderId)).Select(row => row["quantity"]).ShouldBe([2L, 1L]);
        (await shop.Stock("PROD-002"), await shop.Stock("PROD-003")).ShouldBe((cables - 2, cases - 1));
        var mail = await shop.Mail($"Order Confirmed #{orderId}");
        Receiver(mail).ShouldBe($"{user}@example.com");
        mail.GetProperty("from")[0].GetProperty("address").GetString().ShouldBe("noreply@ecom.local");
        mail.GetProperty("html").GetString()!.ShouldContain($"TRK-{orderId[^8..]}");
        mail.GetProperty("html").GetString()!.ShouldContain("45.97");
    }

    [Fact]
    public async Task A_declined_card_cancels_the_order_and_charges_nothing()
    {
        var user = Customer.NewUser("bob");
        var stock = await shop.Stock("PROD-005");

        var orderId = await shop.Customer.Order(user, PaymentTokens.CardDeclined, ("PROD-005", 1));
        await shop.Customer.WaitFor(orderId, "CANCELLED");

        (await shop.Row(AppIds.Order, "SELECT * FROM orders WHERE order_id = $1", orderId))["cancellation_source"].ShouldBe(CancellationSources.PaymentFailed);
        var payment = await shop.Row(AppIds.Payment, "SELECT * FROM payments WHERE order_id = $1", orderId);
        (payment["status"], payment["reason"]).ShouldBe(("FAILED", "card_declined"));
        (await shop.Rows(AppIds.Inventory, "SELECT 1 FROM stock_reservations WHERE order_id = $1", orderId)).ShouldBeEmpty();
        (await shop.Stock("PROD-005")).ShouldBe(stock);
        Receiver(await shop.Mail($"Order Cancelled - Payment Failed #{orderId}")).ShouldBe($"{user}@example.com");
    }

    [Fact]
    public async Task A_sold_out_product_gives_the_money_back_and_tells_customer_and_admin()
    {
        var user = Customer.NewUser("eve");
        var (coolers, covers) = (await shop.Stock("PROD-018"), await shop.Stock("PROD-019"));

        var orderId = await shop.Customer.Order(user, PaymentTokens.Success, ("PROD-018", coolers + 1), ("PROD-019", 1));
        await shop.Customer.WaitFor(orderId, "CANCELLED");

        var order = await shop.Row(AppIds.Order, "SELECT * FROM orders WHERE order_id = $1", orderId);
        order["cancellation_source"].ShouldBe(CancellationSources.InventoryDepleted);
        order["refunded_amount"].ShouldBe(order["total_amount"]);
        var payment = await shop.Row(AppIds.Payment, "SELECT * FROM payments WHERE order_id = $1", orderId);
        (payment["status"], payment["amount"]).ShouldBe(("REFUNDED", order["total_amount"]));
        (await shop.Stock("PROD-018"), await shop.Stock("PROD-019")).ShouldBe((coolers, covers));
        var mail = await shop.Mail($"Order Cancelled - Out of Stock #{orderId}");
        Receiver(mail).ShouldBe($"{user}@example.com");
        mail.GetProperty("html").GetString()!.ShouldContain((string)order["total_amount"]!);
        Receiver(await shop.Mail("Out of Stock Alert: Product #PROD-018")).ShouldBe("admin@ecom.local");
    }

    [Fact]
    public async Task A_customer_cancels_before_the_payment_answers()
    {
        var user = Customer.NewUser("kim");
        var orderId = await shop.Customer.Order(user, PaymentTokens.Timeout, ("PROD-008", 1));
        await shop.Customer.WaitFor(orderId, "PENDING");

        await shop.Customer.Cancel(orderId);
        await shop.Customer.WaitFor(orderId, "CANCELLED");

        (await shop.Row(AppIds.Order, "SELECT * FROM orders WHERE order_id = $1", orderId))["cancellation_source"].ShouldBe(CancellationSources.Customer);
        Receiver(await shop.Mail($"Order Cancelled #{orderId}")).ShouldBe($"{user}@example.com");
        (await shop.Row(AppIds.Payment, "SELECT * FROM payments WHERE order_id = $1", orderId))["status"].ShouldBe("CANCELLED");
    }

    [Fact]
    public async Task The_demo_runs_against_a_shop_in_use_and_can_be_repeated()
    {
        await shop.Customer.WaitFor(await shop.Customer.Order(Customer.NewUser("zed"), PaymentTokens.Success, ("PROD-001", 1)), "FULFILLED");

        var first = await shop.Run("demo", "--attach", "--timeout", "180");
        var second = await shop.Run("demo", "--attach", "--timeout", "180");

        foreach (var (code, figures, output) in new[] { first, second })
        {
            code.ShouldBe(0, output);
            figures.GetProperty("orders").GetInt32().ShouldBe(20);
            (figures.GetProperty("fulfilled").GetInt32(), figures.GetProperty("cancelled").GetInt32(), figures.GetProperty("stuck").GetInt32()).ShouldBe((17, 3, 0), output);
            // Whose memory it is, only Linux tells of a shop that others started.
            figures.GetProperty("memory_mb").ValueKind.ShouldBe(OperatingSystem.IsLinux() ? JsonValueKind.Number : JsonValueKind.Null);
            output.ShouldNotContain("\u001b");
        }
    }

    static string? Receiver(JsonElement mail) => mail.GetProperty("to").EnumerateArray().ShouldHaveSingleItem().GetProperty("address").GetString();
}
