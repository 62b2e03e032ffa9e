using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>
/// Every commit and every acknowledgement of the shop, each named in the code: whoever comes there dies, stands still, or hears that what is done was not, and does it again;
/// with orders under way. Afterwards every order has ended once, the books add up, and the tables of analytics say what lies in the broker.
/// </summary>
public sealed class EmbeddedCrashPoints : IAsyncLifetime
{
    const string Host = "host.";
    const int Stock = 40;

    static readonly string[] Points =
    [
        $"{AppIds.Cart}.save", $"{AppIds.Cart}.saved", $"{AppIds.Cart}.relayed",
        $"{AppIds.Order}.commit", $"{AppIds.Order}.committed", $"{AppIds.Order}.acknowledge", $"{AppIds.Order}.relayed", $"{AppIds.Order}.tell", $"{AppIds.Order}.told", $"{AppIds.Order}.step",
        $"{AppIds.Payment}.commit", $"{AppIds.Payment}.committed", $"{AppIds.Payment}.acknowledge", $"{AppIds.Payment}.relayed", $"{AppIds.Payment}.charged", $"{AppIds.Payment}.voided",
        $"{AppIds.Inventory}.commit", $"{AppIds.Inventory}.committed", $"{AppIds.Inventory}.acknowledge", $"{AppIds.Inventory}.relayed",
        $"{AppIds.Notification}.commit", $"{AppIds.Notification}.committed", $"{AppIds.Notification}.acknowledge", $"{AppIds.Notification}.mail", $"{AppIds.Notification}.mailed",
        $"{AppIds.Analytics}.kept", $"{AppIds.Analytics}.commit", $"{AppIds.Analytics}.committed", $"{AppIds.Analytics}.counted", $"{AppIds.Analytics}.acknowledge", Minutely,
        $"{Host}commit", Committed, $"{Host}published", $"{Host}acknowledged", $"{Host}moved", $"{Host}workflow",
    ];

    /// <summary>The file answers within its process: it cannot be made to forget what it has just said.</summary>
    const string Committed = $"{Host}committed";

    /// <summary>Reached with a minute's heartbeat alone: only the long form waits for it.</summary>
    const string Minutely = $"{AppIds.Analytics}.relayed";

    static IEnumerable<string> Repeatable => Points.Except([Committed]);

    readonly TempFolder points = new("crash-points");
    readonly List<(string OrderId, string End)> orders = [];
    HeavyLock alone = null!;
    EmbeddedShop shop = null!;

    public async ValueTask InitializeAsync()
    {
        alone = await HeavyLock.Take();
        foreach (var name in (string[])["armed", "reached", "struck"])
            Directory.CreateDirectory(points.File(name));
        shop = await EmbeddedShop.Start(new()
        {
            ["DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "Ecom.Tests.Support.dll"),
            ["ECOM_TEST_CRASH_POINTS"] = points.Path,
            ["INITIAL_STOCK"] = $"{Stock}",
        }, isIsolated: true);
    }

    public async ValueTask DisposeAsync()
    {
        await shop.DisposeAsync();
        points.Dispose();
        alone.Dispose();
    }

    [Fact]
    public async Task Whoever_comes_to_a_point_dies_there_or_does_again_what_is_done()
    {
        await Strike("duplicate", [.. Repeatable.Except([Minutely])]);
        foreach (var round in Rounds(Points.Except([Minutely])))
            await Strike("die", round);

        await ShopShouldBeWhole();
    }

    [Theory]
    [Trait("Length", "Long")]
    [InlineData("pause 30")]
    [InlineData("duplicate")]
    public async Task Whoever_comes_to_a_point_is_struck_while_nothing_else_of_its_service_is(string what)
    {
        foreach (var round in Rounds(what == "duplicate" ? Repeatable : Points))
            await Strike(what, round);

        await ShopShouldBeWhole();
    }

    [Theory]
    [Trait("Length", "Long")]
    [InlineData("duplicate:0.1:7")]
    public async Task Whoever_is_drawn_is_struck_again_and_again(string what)
    {
        var drawn = Repeatable.ToList();
        drawn.ForEach(point => Arm(point, what));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Sell()));
        drawn.ForEach(point => File.Delete(points.File($"armed/{point}")));

        Directory.GetFiles(points.File("struck")).Length.ShouldBeGreaterThan(10);
        await ShopShouldBeWhole();
    }

    /// <summary>Sells until each of the points was struck.</summary>
    async Task Strike(string what, string[] armed)
    {
        foreach (var point in armed)
            Arm(point, what);
        var sold = Sell();
        await Eventually.Until(() => armed.All(point => File.Exists(points.File($"struck/{point}"))), TimeSpan.FromSeconds(90), $"{what} at each of {string.Join(", ", armed)}");
        if (what == "die" && IsOfHost(armed[0]))
        {
            await shop.Host.WaitForExit(TimeSpan.FromSeconds(10));
            await shop.Up();
        }
        await sold;
        foreach (var point in armed)
            File.Delete(points.File($"struck/{point}"));
    }

    void Arm(string point, string what) => File.WriteAllText(points.File($"armed/{point}"), what);

    /// <summary>An order that goes well, and one whose money has to go back because the stock is not there.</summary>
    async Task Sell()
    {
        var (good, bad) = (Order("PROD-001", 1), Order("PROD-020", Stock + 1));
        orders.AddRange([(await good, "FULFILLED"), (await bad, "CANCELLED")]);

        Task<string> Order(string productId, int quantity) => shop.Customer.Order(Customer.NewUser("gil"), PaymentTokens.Success, (productId, quantity));
    }

    async Task ShopShouldBeWhole()
    {
        foreach (var (orderId, end) in orders)
            await shop.Customer.WaitFor(orderId, end, TimeSpan.FromSeconds(120));
        await shop.BooksShouldAddUp();
        await shop.AnalyticsShouldMatchTheBroker();
        Directory.GetFiles(points.File("reached")).Select(file => Path.GetFileName(file)).ShouldBeSubsetOf(Points, "each is in the list");
    }

    static bool IsOfHost(string point) => point.StartsWith(Host, StringComparison.Ordinal);

    /// <summary>The services' points side by side, one of each service at a time; then the host's, with which all end.</summary>
    static IEnumerable<string[]> Rounds(IEnumerable<string> points) =>
        points.Where(point => !IsOfHost(point)).GroupBy(point => point.Split('.')[0]).SelectMany(service => service.Index()).GroupBy(point => point.Index, point => point.Item).Select(round => round.ToArray())
            .Concat(points.Where(IsOfHost).Select(point => (string[])[point]));
}
