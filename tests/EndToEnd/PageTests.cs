using Ecom.Tests.Support;
using Microsoft.Playwright;

namespace Ecom.Tests.EndToEnd;

/// <summary>The shop as pages, seen by a browser.</summary>
[Collection(PageCollection.Name), Needs(Runtime.Chromium)]
public sealed class PageTests(PageWorld world)
{
    const int FirstView = 300_000;

    /// <summary>Each page of the shell, in each look.</summary>
    public static TheoryData<string, Look> Views => new(
        from path in (string[])["/", "/board/health"]
        from look in (Look[])[Look.Desktop, Look.Phone, Look.Dark, Look.Phone | Look.Dark]
        select (path, look));

    [Theory, MemberData(nameof(Views))]
    public async Task A_page_is_readable_for_everybody_and_asks_nobody_else(string path, Look look)
    {
        await using var visitor = await world.Visit("/", look);
        await visitor.Button("It pays").ClickAsync();
        await visitor.See(visitor.Page.Locator(".orders .state", new() { HasText = "Fulfilled" }));
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Add Wireless Headphones to the cart" }).ClickAsync();
        await visitor.See(visitor.Button("Check out, $149.99"));

        await visitor.Go(path);

        await visitor.See(path == "/" ? "left" : "Everybody is ready.");
        if (path != "/")
            await visitor.See(visitor.Page.Locator(".topics li", new() { HasText = "order.created" }).GetByText("behind"));
        await visitor.ShouldBeAccessible();
        visitor.Hosts.ShouldBe([world.Address.Authority]);
        visitor.Complaints.ShouldBeEmpty();
        (await visitor.Page.Locator("html").GetAttributeAsync("data-theme")).ShouldBe(look.HasFlag(Look.Dark) ? "system-dark" : "system-light");
        await visitor.Draw($"{(path == "/" ? "shop" : Path.GetFileName(path))}-{look}".Replace(", ", "-"), isFull: true);
    }

    [Fact]
    public async Task The_first_view_is_small()
    {
        await using var visitor = await world.Visit("/");

        visitor.Bytes.ShouldBeInRange(50_000, FirstView);
        const string painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
        await visitor.Page.WaitForFunctionAsync(painted);
        var live = await visitor.Page.EvaluateAsync<double>(painted);
        TestContext.Current.SendDiagnosticMessage($"The first view is {visitor.Bytes} bytes, painted after {live:0} ms.");
    }

    [Fact]
    public async Task An_order_that_is_bought_on_the_page_moves_to_its_end_before_ones_eyes()
    {
        await using var visitor = await world.Visit("/");

        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Add Power Bank to the cart" }).ClickAsync();
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "One Power Bank more" }).ClickAsync();
        await visitor.Button("Check out, $99.98").ClickAsync();

        var order = visitor.Page.Locator(".orders li").First;
        await visitor.See(order.GetByText("Fulfilled"));
        await visitor.See(order.GetByText("$99.98"));
        await visitor.See("It is empty. Add a product to begin.");
        var orderId = (await order.GetAttributeAsync("data-order"))!;
        (await world.Shop.Customer.Read(orderId)).Status.ShouldBe("FULFILLED");
        (await order.GetByRole(AriaRole.Link).GetAttributeAsync("href")).ShouldBe($"/board/orders/{orderId}");
    }

    [Theory]
    [InlineData("Declined", "the payment was declined: card declined")]
    [InlineData("Sold out", "sold out; all that was done is undone")]
    [InlineData("Cancelled", "the customer cancelled; all that was done is undone")]
    public async Task An_order_that_fails_says_why(string outcome, string why)
    {
        await using var visitor = await world.Visit("/");

        await visitor.Button(outcome).ClickAsync();

        await visitor.See(visitor.Page.Locator(".orders li").GetByText(why));
        await visitor.See(visitor.Page.Locator(".orders .state.bad"));
    }

    [Fact]
    public async Task An_order_whose_payment_is_never_answered_waits_and_can_be_cancelled()
    {
        await using var visitor = await world.Visit("/");

        await visitor.Button("No answer").ClickAsync();
        await visitor.See("waits for its payment");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel order" }).ClickAsync();

        await visitor.See("the customer cancelled; all that was done is undone");
    }

    [Fact]
    public async Task Twenty_orders_at_once_all_end()
    {
        await using var visitor = await world.Visit("/");

        await visitor.Button("20 at once").ClickAsync();

        await visitor.See("20 of 20 ended");
    }

    /// <summary>As README.md shows them.</summary>
    [Fact]
    public async Task Orders_of_every_kind_end_side_by_side()
    {
        await using var visitor = await world.Visit("/");

        string[] outcomes = ["Cancelled", "Sold out", "Declined", "It pays"];
        for (var i = 0; i < outcomes.Length; i++)
        {
            await visitor.Button(outcomes[i]).ClickAsync();
            await visitor.See(visitor.Page.Locator(".orders li").Nth(i));
        }
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Add Phone Case to the cart" }).ClickAsync();

        await visitor.See("4 of 4 ended");
        await visitor.See(visitor.Button("Check out, $19.99"));
        (await visitor.Page.Locator(".orders .state.good").CountAsync()).ShouldBe(1);
        (await visitor.Page.Locator(".orders .state.bad").CountAsync()).ShouldBe(3);
        await visitor.Page.Mouse.MoveAsync(0, 0);
    }

    [Fact]
    public async Task A_cart_is_still_there_when_the_page_is_opened_again()
    {
        await using var visitor = await world.Visit("/");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Add USB Hub to the cart" }).ClickAsync();
        await visitor.See(visitor.Button("Check out, $29.99"));

        await visitor.Go("/");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Remove USB Hub" }).ClickAsync();

        await visitor.See("It is empty. Add a product to begin.");
    }

    [Fact]
    public async Task A_theme_that_is_chosen_is_remembered()
    {
        await using var visitor = await world.Visit("/");
        var page = visitor.Page.Locator("html");

        await visitor.Button("Theme: as the system. Make it light").ClickAsync();
        await visitor.Button("Theme: light. Make it dark").ClickAsync();
        await visitor.See(visitor.Button("Theme: dark. Follow the system"));
        await visitor.Go("/board/health");

        (await page.GetAttributeAsync("data-theme")).ShouldBe("dark");
        (await visitor.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor")).ShouldBe("rgb(15, 18, 22)");
    }

    [Theory]
    [InlineData(false, "system-dark")]
    [InlineData(true, "system-light")]
    public async Task A_page_follows_the_system_but_not_while_it_is_being_left(bool isLeft, string theme)
    {
        await using var visitor = await world.Visit("/");
        var html = visitor.Page.Locator("html");
        (await html.GetAttributeAsync("data-theme")).ShouldBe("system-light");
        if (isLeft)
            await visitor.Page.EvaluateAsync("dispatchEvent(new Event('beforeunload'))");

        await visitor.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });

        // A script hears of it before the frame after the next.
        if (isLeft)
            await visitor.Page.EvaluateAsync("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
        else
            await visitor.Page.WaitForSelectorAsync("html[data-theme=system-dark][data-live]");
        (await html.GetAttributeAsync("data-theme")).ShouldBe(theme);
    }

    [Fact]
    public async Task A_dead_letter_is_seen_with_its_reason_and_discarded()
    {
        var topic = await world.LetterForNobody();
        await using var visitor = await world.Visit("/board/health");
        var letter = visitor.Page.Locator("[data-letter]", new() { HasText = topic });

        await visitor.See(letter.GetByText("delivered to nobody"));
        await visitor.ShouldBeAccessible();
        await letter.GetByRole(AriaRole.Button, new() { Name = "Replay letter" }).ClickAsync();
        await visitor.See($"'{topic}' is no topic to which an event could go back.");
        await visitor.Draw("letters");
        await letter.GetByRole(AriaRole.Button, new() { Name = "Discard letter" }).ClickAsync();

        await visitor.See("1 letter is discarded.");
        await letter.WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }

    [Fact]
    public async Task The_pages_forbid_what_they_do_not_need()
    {
        using var http = new HttpClient();

        using var answer = await http.GetAsync(world.Address);

        var policy = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        policy.ShouldStartWith("default-src 'self';");
        policy.ShouldContain("frame-ancestors 'none'");
        policy.Replace("style-src 'self' 'unsafe-inline'", "").ShouldNotContain("unsafe");
    }
}
