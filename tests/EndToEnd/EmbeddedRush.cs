using Ecom.Contracts;

namespace Ecom.Tests.EndToEnd;

/// <summary>Customers who want the same thing at the same moment.</summary>
[Collection(EmbeddedCollection.Name)]
public sealed class EmbeddedRush(EmbeddedWorld world)
{
    readonly EmbeddedShop shop = world.Shop;

    [Fact]
    public async Task Of_the_last_10_exactly_10_are_sold_to_100_customers()
    {
        const string product = "PROD-007";
        await shop.Customer.WaitFor(await shop.Customer.Order(Customer.NewUser("early"), PaymentTokens.Success, (product, await shop.Stock(product) - 10)), "FULFILLED");

        var orders = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => shop.Customer.Order(Customer.NewUser("rush"), PaymentTokens.Success, (product, 1))));

        var ends = new List<string>();
        foreach (var order in orders)
            ends.Add((await shop.Customer.WaitForEnd(order)).Status);
        orders.ShouldBeUnique();
        (ends.Count(end => end == "FULFILLED"), ends.Count(end => end == "CANCELLED")).ShouldBe((10, 90));
        (await shop.Stock(product)).ShouldBe(0);
        await shop.BooksShouldAddUp();
        await shop.Customer.Restock(product, 100);
    }

    [Fact]
    public async Task Of_20_checkouts_of_one_cart_at_once_comes_one_order()
    {
        var user = Customer.NewUser("click");
        await shop.Customer.Add(user, "PROD-010", 2);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shop.Customer.Checkout(user, PaymentTokens.Success)));

        var order = answers.Distinct().ShouldHaveSingleItem();
        await shop.Customer.WaitFor(order, "FULFILLED");
        (await shop.Row(AppIds.Order, "SELECT order_id FROM orders WHERE user_id = $1", user))["order_id"].ShouldBe(order);
        (await shop.Row(AppIds.Payment, "SELECT status FROM payments WHERE user_id = $1", user))["status"].ShouldBe("PROCESSED");
        (await shop.Row(AppIds.Inventory, "SELECT quantity FROM stock_reservations WHERE order_id = $1", order))["quantity"].ShouldBe(2L);
    }
}
