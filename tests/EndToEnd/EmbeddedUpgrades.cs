using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>Today's shop over the data folder of an earlier release, which was killed with orders under way.</summary>
public sealed class EmbeddedUpgrades
{
    public static TheoryData<string> Releases => [.. OldData.Releases];

    [Theory, MemberData(nameof(Releases))]
    public async Task What_an_earlier_release_began_ends_and_the_books_add_up(string release)
    {
        using var alone = await HeavyLock.Take();
        await using var shop = EmbeddedShop.Prepare();
        var orders = OldData.Unpack(release, shop.Data);
        var letters = await shop.Rows(AppIds.Analytics, "SELECT letter_id FROM dead_letters ORDER BY id");
        await shop.Up();

        foreach (var (state, orderId) in orders)
            await shop.Customer.WaitFor(orderId, state is "declined" or "waits-for-refund" ? "CANCELLED" : "FULFILLED");
        var next = await shop.Customer.Order("fay", PaymentTokens.Success, ("PROD-006", 2));
        await shop.Customer.WaitFor(next, "FULFILLED");

        await shop.BooksShouldAddUp();
        foreach (var (_, orderId) in orders.Append(("new", next)))
            (await shop.Rows(AppIds.Notification, "SELECT status FROM notifications WHERE order_id = $1", orderId)).Select(mail => mail["status"]).ShouldBe(["SENT"], orderId);
        (await shop.Rows(AppIds.Analytics, "SELECT letter_id, status, failures FROM dead_letters ORDER BY id")).Select(letter => (letter["letter_id"], letter["status"], letter["failures"]))
            .ShouldBe(letters.Select(letter => (letter["letter_id"], (object?)"OPEN", (object?)1L)));
        shop.Log().ShouldNotContain(line => line.Contains("dead letter after", StringComparison.Ordinal) || line.Contains("no such", StringComparison.Ordinal));
    }
}
