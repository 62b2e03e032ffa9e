using System.Text.RegularExpressions;
using Ecom.Contracts;
using Ecom.Tests.Support;
using Microsoft.Playwright;

namespace Ecom.Tests.EndToEnd;

/// <summary>Orders, an order's story and analytics, as a browser sees them.</summary>
[Collection(PageCollection.Name), Needs(Runtime.Chromium)]
public sealed class OrderPageTests(PageWorld world)
{
    public static TheoryData<Look> Looks => [Look.Desktop, Look.Phone, Look.Dark, Look.Phone | Look.Dark];

    [Fact]
    public async Task An_order_is_seen_as_it_moves_and_tells_its_story()
    {
        await using var visitor = await world.Visit("/board/orders");
        var user = Customer.NewUser("seen");

        var orderId = await world.Shop.Customer.Order(user, PaymentTokens.Success, ("PROD-007", 1));
        await visitor.See(Row(visitor, orderId).GetByText("Fulfilled"));
        await Row(visitor, orderId).ClickAsync();

        await visitor.See(visitor.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("notification: mail sent") }));
        (await visitor.Page.Locator(".lanes .name").AllTextContentsAsync()).ShouldBe(["cart", "order", "saga", "payment", "inventory", "notification"]);
        (await visitor.Page.Locator(".lanes .way").CountAsync()).ShouldBeGreaterThanOrEqualTo(6);
        await visitor.See(visitor.Page.Locator(".step", new() { HasText = "payment · processed" }).GetByText("after created"));
    }

    [Fact]
    public async Task An_event_is_chosen_by_the_keyboard_and_says_all_that_it_is()
    {
        var orderId = await Ended(PaymentTokens.Success);
        await using var visitor = await world.Visit($"/board/orders/{orderId}");
        var details = visitor.Page.Locator(".details");

        await visitor.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("payment: processed") }).FocusAsync();
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.See(details.GetByText("\"method\": \"card\""));
        await visitor.See(details.GetByText(Topics.PaymentProcessed));
        await visitor.ShouldBeAccessible();
        await details.GetByRole(AriaRole.Button, new() { Name = "order · created" }).ClickAsync();
        await visitor.See(details.GetByText(Topics.OrderCreated));
        await visitor.Page.Keyboard.PressAsync("Escape");

        await visitor.See(details.GetByText("Total: $99.99"));
        await visitor.See(details.GetByText("SENT"));
    }

    [Theory]
    [InlineData(PaymentTokens.CardDeclined, 1, "card declined", "payment · failed")]
    [InlineData(PaymentTokens.Success, 900, "out of stock", "inventory · depleted")]
    public async Task An_order_that_failed_tells_why_and_shows_where(string token, int quantity, string reason, string step)
    {
        var orderId = await Ended(token, quantity);

        await using var visitor = await world.Visit($"/board/orders/{orderId}");

        await visitor.See(visitor.Page.Locator(".about .why-not", new() { HasText = reason }));
        await visitor.See(visitor.Page.Locator(".details h2", new() { HasText = step }));
        await visitor.See(visitor.Page.Locator(".spot.bad"));
        await visitor.Draw($"story-{token}");
    }

    [Fact]
    public async Task An_order_that_waits_says_for_what_and_is_cancelled_before_ones_eyes()
    {
        var orderId = await world.Shop.Customer.Order(Customer.NewUser("waits"), PaymentTokens.Timeout, ("PROD-008", 1));
        await using var visitor = await world.Visit($"/board/orders/{orderId}");
        await visitor.See("payment answer");

        await visitor.Button("Cancel the order").ClickAsync();

        await visitor.See(visitor.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("payment: refunded") }));
        await visitor.See(visitor.Page.Locator(".head .state", new() { HasText = "Cancelled" }));
        await visitor.See(visitor.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("notification: mail sent") }));
        await visitor.Button("Cancel the order").WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }

    [Fact]
    public async Task Orders_are_found_by_their_customer_and_by_where_they_stand()
    {
        var user = Customer.NewUser("found");
        var orderId = await world.Shop.Customer.Order(user, PaymentTokens.CardDeclined, ("PROD-002", 1));
        await world.Shop.Customer.WaitForEnd(orderId);
        await Ended(PaymentTokens.Success);
        await using var visitor = await world.Visit("/board/orders");
        var rows = visitor.Page.Locator("a.order");

        await visitor.Page.GetByLabel("Order or customer").FillAsync(user);
        await visitor.See($"All orders of “{user}…”, the newest first");
        await Assertions.Expect(rows).ToHaveCountAsync(1);
        await visitor.See(Row(visitor, orderId).GetByText("card declined"));
        await visitor.Page.Locator(".tile", new() { HasText = "Fulfilled" }).ClickAsync();

        await visitor.See("No order is like this.");
        await visitor.Button("Show all").ClickAsync();
        await visitor.See(Row(visitor, orderId));
    }

    [Fact]
    public async Task An_order_that_nobody_knows_says_what_to_do()
    {
        await using var visitor = await world.Visit("/board/orders/ORD-00000000000000000000000000");

        await visitor.See("Nothing is known of this order.");
        await visitor.ShouldBeAccessible();
    }

    [Fact]
    public async Task Analytics_grow_before_ones_eyes()
    {
        await using var visitor = await world.Visit("/board/analytics");
        var paid = visitor.Page.Locator(".figures div", new() { HasText = "Paid orders" }).Locator("dd");
        var before = Number(await paid.TextContentAsync());

        await Ended(PaymentTokens.Success);

        await Eventually.Until(async () => Number(await paid.TextContentAsync()) > before, TimeSpan.FromSeconds(30), "the page shows one paid order more");
        await visitor.See(visitor.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("Revenue per minute of the last hour: \\$") }));
        await visitor.See(visitor.Page.Locator("section", new() { HasText = "The fastest products" }).GetByText("Mechanical Keyboard"));
        await visitor.See(visitor.Page.GetByText("engine embedded"));
    }

    [Theory, MemberData(nameof(Looks))]
    public async Task The_pages_are_readable_for_everybody(Look look)
    {
        var orderId = await Ended(PaymentTokens.Success);
        foreach (var (name, path, sight) in ((string, string, string)[])[("orders", "/board/orders", "Fulfilled"), ("order", $"/board/orders/{orderId}", "notification · mail sent"), ("analytics", "/board/analytics", "The fastest products")])
        {
            await using var visitor = await world.Visit(path, look);
            await visitor.See(sight);

            await visitor.ShouldBeAccessible();
            visitor.Complaints.ShouldBeEmpty();
            visitor.Hosts.ShouldBe([world.Address.Authority]);
            if (name == "order" && look is Look.Desktop)
                // The README's.
                await visitor.Draw("page");
            await visitor.Draw($"{name}-{look}".Replace(", ", "-"), isFull: true);
        }
    }

    async Task<string> Ended(string token, int quantity = 1)
    {
        var orderId = await world.Shop.Customer.Order(Customer.NewUser("page"), token, ("PROD-007", quantity));
        await world.Shop.Customer.WaitForEnd(orderId);
        return orderId;
    }

    static ILocator Row(Visitor visitor, string orderId) => visitor.Page.Locator($"a.order[href='/board/orders/{orderId}']");

    static int Number(string? text) => int.Parse(Regex.Replace(text ?? "", "\\D", "") is { Length: > 0 } digits ? digits : "0");
}
