using System.Collections.Concurrent;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>Customers, each with one wish, who ask until they are answered, whatever happens to the shop, and remember what they were told.</summary>
sealed class Crowd(ShopClient shop, TimeSpan patience)
{
    /// <summary>Every way of a payment, and every change of mind. The others pay.</summary>
    static readonly (string? Token, bool ThenCancels, int Share)[] Ways =
    [
        (null, false, 10), (PaymentTokens.CardDeclined, false, 8), (PaymentTokens.LostAnswer, false, 12), (PaymentTokens.Slow, false, 5),
        (PaymentTokens.Timeout, true, 4), (PaymentTokens.Success, true, 6),
    ];

    readonly Customers customers = new(shop, patience);
    readonly Traffic traffic = new(shop, patience);
    readonly ConcurrentBag<Heard> heard = [];
    int asked;

    public IReadOnlyList<Heard> Heard => [.. heard];

    /// <summary>Without end. No two customers of two runs have one name.</summary>
    public static IEnumerable<Wish> Wishes(string run, int seed)
    {
        var random = new Random(seed);
        for (var number = 1; ; number++)
        {
            var (token, thenCancels) = Way(random.Next(100));
            var lines = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (Catalogue.Products[random.Next(Catalogue.Products.Count)].Id, random.Next(1, 4))).DistinctBy(line => line.Id);
            yield return new($"chaos-{run}-{number:00000}", [.. lines], token, thenCancels);
        }
    }

    public Task Refill(CancellationToken cancel) => traffic.Refill(cancel);

    public async Task Receive(Wish wish, CancellationToken cancel)
    {
        Interlocked.Increment(ref asked);
        string? orderId = null, whyNot = null;
        try
        {
            await customers.FillCart(wish, cancel);
            orderId = (await customers.Checkout(wish, cancel)).OrderId;
            if (wish.ThenCancels)
                await customers.Cancel(orderId, cancel);
        }
        catch (Exception refused) when (refused is Refused or ToolError)
        {
            whyNot = refused.Message;
        }
        heard.Add(new(wish.Customer, orderId, whyNot));
    }

    public override string ToString() => $"{asked} customers, {heard.Count(told => told.OrderId is not null)} checkouts answered, {asked - heard.Count} under way";

    static (string? Token, bool ThenCancels) Way(int dice)
    {
        foreach (var (token, thenCancels, share) in Ways)
            if ((dice -= share) < 0)
                return (token, thenCancels);
        return (PaymentTokens.Success, false);
    }
}
