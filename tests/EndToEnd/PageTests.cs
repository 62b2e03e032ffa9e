using System.Net;
using System.Net.WebSockets;
using Ecom.Contracts;
using Ecom.Sidecar;
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
        TestContext.Current.SendDiagnosticMessage($"The first view is {visitor.Bytes} bytes.");
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
        await visitor.Draw("page");
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

    [Fact]
    public async Task A_dead_letter_is_seen_with_its_reason_and_discarded()
    {
        var topic = $"nobody.{Guid.NewGuid().ToString("N")[..8]}";
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(world.Shop.Data));
        using var record = new StringContent($$$"""{"id":"{{{topic}}}","type":"{{{topic}}}","data":{}}""");
        record.Headers.ContentType = new("application/json");
        (await http.PostAsync($"http://127.0.0.1:{world.Shop.SidecarPort(AppIds.Analytics)}/v1.0/publish/{Components.PubSub}/{Topics.DeadLetters}?metadata.rawPayload=true", record)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
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
    public async Task A_socket_of_another_origin_is_refused()
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "http://evil.example");
        socket.Options.CollectHttpResponseDetails = true;

        await Should.ThrowAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{world.Address.Authority}/_blazor"), CancellationToken.None));

        socket.HttpStatusCode.ShouldBe(HttpStatusCode.Forbidden);
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

/// <summary>What the pages say while a part of the shop is away. The shop is this class's own: a process for each service.</summary>
[Needs(Runtime.Chromium)]
public sealed class PageFaults(PageFaults.IsolatedWorld world) : IClassFixture<PageFaults.IsolatedWorld>
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_service_that_is_killed_shows_as_away_and_comes_back()
    {
        await using var visitor = await world.Visit("/board/health");
        await visitor.See("Everybody is ready.");
        var card = visitor.Page.Locator($"[data-service={AppIds.Cart}]");

        // The host starts it again at once: it is killed until the page has looked in between.
        await Eventually.Until(
            async () =>
            {
                if (world.Shop.ProcessOf(AppIds.Cart) is not null)
                    world.Shop.KillApp(AppIds.Cart);
                return await card.GetByText("Away").CountAsync() > 0;
            },
            Patience,
            "the page shows that cart-service is away");
        await visitor.See("5 of 6 services are ready");
        await visitor.Draw("away");

        await visitor.See(card.GetByText("Ready", new() { Exact = true }));
        await visitor.See("Everybody is ready.");
    }

    [Fact]
    public async Task A_page_that_loses_its_service_says_so_and_begins_anew()
    {
        await using var visitor = await world.Visit("/");
        await visitor.See("in stock, live");

        world.Shop.KillApp(AppIds.Analytics);

        await visitor.See("The connection is lost.");
        await visitor.Draw("lost");
        await visitor.Page.Locator("#components-reconnect-modal").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await visitor.See("in stock, live");
    }

    public sealed class IsolatedWorld : PageWorld
    {
        protected override bool IsIsolated => true;
    }
}
