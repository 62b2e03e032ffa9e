using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>
/// Every commit and every acknowledgement of the shop, each named in the code: the process that comes there dies, or stands still for a while,
/// with orders under way. Afterwards every order has ended once and the books add up.
/// </summary>
public sealed class EmbeddedCrashPoints
{
    const string Host = "host.";

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
    public Task Whoever_comes_to_a_point_dies_there_once() => Strike(Points, "die");

    [Fact]
    [Trait("Length", "Long")]
    public Task Whoever_comes_to_a_point_stands_still_for_30_seconds() => Strike(Points, "30");

    static async Task Strike(IEnumerable<string> points, string what)
    {
        using var alone = await HeavyLock.Take();
        using var folder = new TempFolder("crash-points");
        foreach (var name in (string[])["armed", "reached", "struck"])
            Directory.CreateDirectory(folder.File(name));
        await using var shop = await EmbeddedShop.Start(new()
        {
            ["DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "Ecom.Tests.Support.dll"),
            ["ECOM_TEST_CRASH_POINTS"] = folder.Path,
            ["INITIAL_STOCK"] = "40",
        }, isIsolated: true);
        List<(string Point, string OrderId, bool IsFulfilled)> orders = [];

        foreach (var point in points)
        {
            File.WriteAllText(folder.File($"armed/{point}"), what);
            // One that goes well, and one whose money has to go back because the stock is not there.
            var (good, bad) = (Order("PROD-001", 1), Order("PROD-020", 41));
            await Eventually.Until(() => File.Exists(folder.File($"struck/{point}")), TimeSpan.FromSeconds(60), $"{point} is reached");
            if (what == "die" && point.StartsWith(Host, StringComparison.Ordinal))
            {
                await shop.Host.WaitForExit(TimeSpan.FromSeconds(10));
                await shop.Up();
            }
            orders.AddRange([(point, await good, true), (point, await bad, false)]);
        }

        foreach (var (point, orderId, isFulfilled) in orders)
        {
            var order = await shop.Customer.WaitFor(orderId, isFulfilled ? "FULFILLED" : "CANCELLED", TimeSpan.FromSeconds(120));
            order.Closed.ShouldBeTrue(point);
        }
        await shop.BooksShouldAddUp();
        Directory.GetFiles(folder.File("reached")).Select(Path.GetFileName).ShouldBeSubsetOf(points.Append($"{AppIds.Analytics}.commit").Append($"{AppIds.Analytics}.committed").Append($"{AppIds.Analytics}.relayed"));

        Task<string> Order(string productId, int quantity) => shop.Customer.Order(Customer.NewUser("gil"), PaymentTokens.Success, (productId, quantity));
    }
}
