using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>
/// Every commit and every acknowledgement of the shop, each named in the code: the process that comes there dies, or stands still for a while,
/// with orders under way. Afterwards every order has ended once and the books add up.
/// </summary>
public sealed class EmbeddedCrashPoints
{
    const string Host = "host.", Die = "die";
    const int Stock = 40;

    static readonly string[] Points =
    [
        $"{AppIds.Cart}.save", $"{AppIds.Cart}.saved",
        $"{AppIds.Order}.commit", $"{AppIds.Order}.committed", $"{AppIds.Order}.acknowledge", $"{AppIds.Order}.relayed", $"{AppIds.Order}.tell", $"{AppIds.Order}.told", $"{AppIds.Order}.step",
        $"{AppIds.Payment}.commit", $"{AppIds.Payment}.committed", $"{AppIds.Payment}.acknowledge", $"{AppIds.Payment}.relayed", $"{AppIds.Payment}.charged", $"{AppIds.Payment}.voided",
        $"{AppIds.Inventory}.commit", $"{AppIds.Inventory}.committed", $"{AppIds.Inventory}.acknowledge", $"{AppIds.Inventory}.relayed",
        $"{AppIds.Notification}.commit", $"{AppIds.Notification}.committed", $"{AppIds.Notification}.acknowledge", $"{AppIds.Notification}.mail", $"{AppIds.Notification}.mailed",
        $"{Host}commit", $"{Host}committed", $"{Host}acknowledged", $"{Host}moved", $"{Host}workflow",
    ];

    [Fact]
    public Task Whoever_comes_to_a_point_dies_there_once() => Strike(Die);

    [Fact]
    [Trait("Length", "Long")]
    public Task Whoever_comes_to_a_point_stands_still_for_30_seconds() => Strike("30");

    static async Task Strike(string what)
    {
        using var alone = await HeavyLock.Take();
        using var folder = new TempFolder("crash-points");
        foreach (var name in (string[])["armed", "reached", "struck"])
            Directory.CreateDirectory(folder.File(name));
        await using var shop = await EmbeddedShop.Start(new()
        {
            ["DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "Ecom.Tests.Support.dll"),
            ["ECOM_TEST_CRASH_POINTS"] = folder.Path,
            ["INITIAL_STOCK"] = $"{Stock}",
        }, isIsolated: true);
        List<(string OrderId, string End)> orders = [];

        foreach (var round in Rounds())
        {
            foreach (var point in round)
                File.WriteAllText(folder.File($"armed/{point}"), what);
            // One that goes well, and one whose money has to go back because the stock is not there.
            var (good, bad) = (Order("PROD-001", 1), Order("PROD-020", Stock + 1));
            await Eventually.Until(() => round.All(point => File.Exists(folder.File($"struck/{point}"))), TimeSpan.FromSeconds(90), $"each is reached of {string.Join(", ", round)}");
            if (what == Die && round[0].StartsWith(Host, StringComparison.Ordinal))
            {
                await shop.Host.WaitForExit(TimeSpan.FromSeconds(10));
                await shop.Up();
            }
            orders.AddRange([(await good, "FULFILLED"), (await bad, "CANCELLED")]);
        }

        foreach (var (orderId, end) in orders)
            await shop.Customer.WaitFor(orderId, end, TimeSpan.FromSeconds(120));
        await shop.BooksShouldAddUp();
        Directory.GetFiles(folder.File("reached")).Select(file => Path.GetFileName(file)).Where(point => !point.StartsWith(AppIds.Analytics, StringComparison.Ordinal))
            .ShouldBeSubsetOf(Points, "each is in the list");

        Task<string> Order(string productId, int quantity) => shop.Customer.Order(Customer.NewUser("gil"), PaymentTokens.Success, (productId, quantity));
    }

    /// <summary>The services' points side by side, one of each service at a time; then the host's, with which all end.</summary>
    static IEnumerable<string[]> Rounds() =>
        Points.Where(point => !point.StartsWith(Host, StringComparison.Ordinal)).GroupBy(point => point.Split('.')[0]).SelectMany(service => service.Index()).GroupBy(point => point.Index, point => point.Item).Select(round => round.ToArray())
            .Concat(Points.Where(point => point.StartsWith(Host, StringComparison.Ordinal)).Select(point => (string[])[point]));
}
