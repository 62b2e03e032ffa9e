using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>An amount has two decimals in an answer, whatever the database makes of it and where there is none.</summary>
public sealed class MoneyTests
{
    [Fact]
    public async Task An_empty_cart_costs_0_00()
    {
        await using var cart = await ServiceProcess.Start("Cart");

        (await cart.Http.GetStringAsync("/cart/nobody")).ShouldContain("\"total_amount\":0.00,");
    }

    [Fact]
    public async Task A_payment_and_its_event_say_20_00()
    {
        await using var payment = await ServiceProcess.Start("Payment", Database.Sqlite);
        var facts = new Facts();

        await payment.Takes(facts.Created());

        (await payment.Http.GetStringAsync($"/payments/order/{facts.Order}")).ShouldContain("\"amount\":20.00,");
        (await payment.Sends("payment.processed", facts.Order)).Body.ShouldContain("\"amount\":20.00,");
    }

    [Fact]
    public async Task An_order_and_its_lines_say_20_00_and_10_00()
    {
        await using var order = await ServiceProcess.Start("Order", Database.Sqlite);
        var facts = new Facts();

        await order.Takes(facts.Checkout);

        var answer = await order.Http.GetStringAsync($"/orders/{facts.Order}");
        answer.ShouldContain("\"total_amount\":20.00,");
        answer.ShouldContain("\"price\":10.00,");
        (await order.Sends("order.created", facts.Order)).Body.ShouldContain("\"total_amount\":20.00");
    }
}
