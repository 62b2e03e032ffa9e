using System.Diagnostics;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>What a customer wants: the same wishes in every run, so that two runs can be compared.</summary>
sealed record Wish(string Customer, IReadOnlyList<(string ProductId, int Quantity)> Lines, string? PaymentToken, bool ThenCancels = false);

/// <summary>A checkout that was answered.</summary>
sealed record Accepted(string OrderId, double Ms, DateTimeOffset At);

/// <summary>How a wish went; no end: the order is stuck.</summary>
sealed record Told(Accepted Checkout, bool Fulfilled, DateTimeOffset? EndedAt)
{
    public double? FulfilledMs => Fulfilled ? Math.Max(0, (EndedAt!.Value - Checkout.At).TotalMilliseconds) : null;
}

/// <summary>Customers at the shop's public routes.</summary>
sealed class Customers(ShopClient shop, TimeSpan patience)
{
    /// <summary>The most that one restock takes.</summary>
    const int MostUnits = 100_000;

    const int ManyLooks = 10;
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20), Later = TimeSpan.FromMilliseconds(250);

    // Two runs must not share a key, or the second would be answered with the first one's order.
    readonly string run = Ids.NewEvent();
    int checkouts;

    /// <summary>Brings each product's stock to what the wishes need, so that a run can be repeated on a shop in use.</summary>
    public async Task<int> Restock(IEnumerable<Wish> wishes, CancellationToken cancel)
    {
        var stock = (await shop.Products(cancel)).ToDictionary(product => product.ProductId, product => product.Stock);
        var restocked = 0;
        foreach (var need in wishes.SelectMany(wish => wish.Lines).GroupBy(line => line.ProductId, line => line.Quantity))
        {
            for (var lacking = need.Sum() - stock.GetValueOrDefault(need.Key); lacking > 0; lacking -= MostUnits)
            {
                var units = Math.Min(lacking, MostUnits);
                await shop.Restock(need.Key, units, cancel);
                restocked += units;
            }
        }
        return restocked;
    }

    public async Task FillCart(Wish wish, CancellationToken cancel)
    {
        await shop.EmptyCart(wish.Customer, cancel);
        foreach (var (productId, quantity) in wish.Lines)
            await shop.AddItem(wish.Customer, productId, quantity, cancel);
    }

    public async Task<Accepted> Checkout(Wish wish, CancellationToken cancel)
    {
        var asked = Stopwatch.GetTimestamp();
        var order = await shop.Checkout(wish.Customer, wish.PaymentToken, $"{run}-{Interlocked.Increment(ref checkouts)}", cancel);
        return new(order, Stopwatch.GetElapsedTime(asked).TotalMilliseconds, DateTimeOffset.UtcNow);
    }

    /// <summary>Stays with the order until it ends or the patience does. The end is when the customer saw it.</summary>
    public async Task<Told> Follow(Accepted checkout, Action<string> moved, CancellationToken cancel)
    {
        var ended = await shop.Follow(checkout.OrderId, patience, moved, cancel);
        return new(checkout, ended is { Status: "FULFILLED" }, ended is null ? null : DateTimeOffset.UtcNow);
    }

    /// <summary>Looks, now and then, whether the order has ended. The end is when order-service says it was: nobody follows hundreds of orders live without slowing them.</summary>
    public async Task<Told> AwaitEnd(Accepted checkout, CancellationToken cancel)
    {
        for (var looks = 1; ; looks++)
        {
            if (await shop.Order(checkout.OrderId, cancel) is { ClosedAt: { } at } order)
                return new(checkout, order.Status == "FULFILLED", at);
            if (DateTimeOffset.UtcNow - checkout.At > patience)
                return new(checkout, false, null);
            // When it ended the order itself says: who waits for long need not ask the shop out of breath.
            await Task.Delay(looks < ManyLooks ? Soon : Later, cancel);
        }
    }

    /// <summary>The order exists a moment after the checkout answered: until then there is nothing to cancel.</summary>
    public async Task Cancel(string orderId, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await shop.TryCancel(orderId, cancel) && Stopwatch.GetElapsedTime(started) < patience)
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancel);
    }
}
