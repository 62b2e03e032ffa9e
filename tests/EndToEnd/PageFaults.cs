using Ecom.Contracts;
using Ecom.Tests.Support;
using Microsoft.Playwright;

namespace Ecom.Tests.EndToEnd;

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

    [Fact]
    public async Task What_is_an_operators_work_asks_for_the_key()
    {
        var topic = await world.LetterForNobody();
        await using var visitor = await world.Visit("/board/health");
        var letter = visitor.Page.Locator("[data-letter]", new() { HasText = topic });

        await letter.GetByRole(AriaRole.Button, new() { Name = "Discard letter" }).ClickAsync();
        await visitor.Page.GetByLabel("Operator's key").Last.FillAsync("let me in");
        await visitor.Button("Go on").ClickAsync();
        await visitor.See("That is not the key.");
        await visitor.ShouldBeAccessible();
        await visitor.Draw("key");
        await letter.WaitForAsync();
        await visitor.Page.GetByLabel("Operator's key").Last.FillAsync(IsolatedWorld.Key);
        await visitor.Button("Go on").ClickAsync();

        await visitor.See("1 letter is discarded.");
        await visitor.See(visitor.Button("Operator: known. Leave"));
    }

    [Fact]
    public async Task From_another_machine_the_key_opens_the_pages_and_leaving_closes_them()
    {
        await using var visitor = await world.Visit("/board/orders", from: "192.0.2.1");
        await visitor.See("Seen from here, this shop is its operators'.");
        await visitor.ShouldBeAccessible();

        await visitor.Page.GetByLabel("Operator's key").FillAsync(IsolatedWorld.Key);
        await visitor.Button("Go on").ClickAsync();
        await visitor.See("Each as it moves");
        await visitor.Button("Operator: known. Leave").ClickAsync();

        await visitor.See("Seen from here, this shop is its operators'.");
        (await visitor.Page.GetByText("Each as it moves").CountAsync()).ShouldBe(0);
    }

    public sealed class IsolatedWorld : PageWorld
    {
        public const string Key = "the-key-of-the-operators";

        protected override bool IsIsolated => true;

        protected override Dictionary<string, string?> Settings => new() { ["ECOM_ADMIN_KEY"] = Key };
    }
}
