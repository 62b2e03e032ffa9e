using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The pages beside real sidecars: what they ask for goes through daprd, and an order's live status comes back through it.</summary>
[Collection(RealWorldCollection.Name), Needs(Runtime.RealWorld | Runtime.Chromium)]
public sealed class RealPage(RealWorld world)
{
    [Fact]
    public async Task An_order_that_is_bought_on_the_page_moves_to_its_end_before_ones_eyes()
    {
        await using var browser = await PageBrowser.Start();
        await using var visitor = await browser.Visit(new($"http://localhost:{world.Shop.AppPort(AppIds.Analytics)}"), "/");

        await visitor.Button("It pays").ClickAsync();
        await visitor.See(visitor.Page.Locator(".orders .state", new() { HasText = "Fulfilled" }));

        await visitor.Go("/board/health");
        await visitor.See("Everybody is ready.");
        visitor.Complaints.ShouldBeEmpty();
    }
}
