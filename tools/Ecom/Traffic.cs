using System.Collections.Concurrent;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>Shoppers in the shop, each on their own way, and somebody who refills the shelves.</summary>
sealed class Traffic(ShopClient shop, TimeSpan patience)
{
    /// <summary>Refilled when fewer are left, with so many.</summary>
    const int Scarce = 5, Delivery = 100;
    const int DeclinedOfHasty = FraudRules.FailuresAllowed + 1, OrdersOfHasty = FraudRules.OrdersHigh + 2;
    static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(2);

    readonly Customers customers = new(shop, patience);
    readonly ConcurrentBag<Told> told = [];
    readonly ConcurrentDictionary<string, SemaphoreSlim> carts = new();
    int arrived, gone, orders, left, deliveries;

    public IReadOnlyList<Told> Told => [.. told];

    public override string ToString()
    {
        var (ended, fulfilled) = (told.Count, told.Count(order => order.Fulfilled));
        return $"{arrived} shoppers, {arrived - gone} in the shop; {orders} orders: {fulfilled} fulfilled, {ended - fulfilled} cancelled, {orders - ended} open; {left} carts left, {deliveries} restocks";
    }

    public async Task Receive(Visit visit, CancellationToken cancel)
    {
        Interlocked.Increment(ref arrived);
        // A regular who is in the shop already has one cart: who comes again waits for it.
        var cart = carts.GetOrAdd(visit.Customer, _ => new(1, 1));
        await cart.WaitAsync(cancel);
        try
        {
            await (visit.Purpose switch
            {
                Purpose.Leave => Leave(visit, cancel),
                Purpose.Hurry => Hurry(visit, cancel),
                Purpose.WantTooMuch => WantTooMuch(visit, cancel),
                Purpose.BeDeclined => Order(new(visit.Customer, visit.Lines, PaymentTokens.CardDeclined), cancel),
                Purpose.Splurge => Order(new(visit.Customer, visit.Lines, PaymentTokens.Success), cancel),
                // The gateway never answers this one, so the customer is never too late to cancel.
                Purpose.Regret => Order(new(visit.Customer, visit.Lines, PaymentTokens.Timeout, ThenCancels: true), cancel),
                _ => Order(new(visit.Customer, visit.Lines, null), cancel),
            });
        }
        finally
        {
            cart.Release();
            Interlocked.Increment(ref gone);
        }
    }

    /// <summary>Looks along the shelves until it is cancelled.</summary>
    public async Task Refill(CancellationToken cancel)
    {
        while (true)
        {
            foreach (var product in (await shop.Products(cancel)).Where(product => product.Stock < Scarce))
            {
                await shop.Restock(product.ProductId, Delivery, cancel);
                Interlocked.Increment(ref deliveries);
            }
            await Task.Delay(BetweenRounds, cancel);
        }
    }

    async Task Leave(Visit visit, CancellationToken cancel)
    {
        await customers.FillCart(new(visit.Customer, visit.Lines, null), cancel);
        if (visit.Lines.Count > 1)
            await shop.RemoveItem(visit.Customer, visit.Lines[0].ProductId, cancel);
        Interlocked.Increment(ref left);
    }

    async Task Hurry(Visit visit, CancellationToken cancel)
    {
        var ends = new List<Task>();
        for (var i = 0; i < OrdersOfHasty; i++)
            ends.Add(await Begin(new(visit.Customer, visit.Lines, i < DeclinedOfHasty ? PaymentTokens.CardDeclined : PaymentTokens.Success), cancel));
        await Task.WhenAll(ends);
    }

    async Task WantTooMuch(Visit visit, CancellationToken cancel)
    {
        var scarce = (await shop.Products(cancel)).MinBy(product => product.Stock) ?? throw new ToolError("inventory-service has no products");
        await Order(new(visit.Customer, [(scarce.ProductId, Math.Min(scarce.Stock + 1, Check.MaxQuantity))], PaymentTokens.Success), cancel);
    }

    async Task Order(Wish wish, CancellationToken cancel) => await await Begin(wish, cancel);

    /// <returns>The order's end, which nobody needs to wait for to place the next.</returns>
    async Task<Task> Begin(Wish wish, CancellationToken cancel)
    {
        await customers.FillCart(wish, cancel);
        var checkout = await customers.Checkout(wish, cancel);
        Interlocked.Increment(ref orders);
        return End();

        async Task End()
        {
            if (wish.ThenCancels)
                await customers.Cancel(checkout.OrderId, cancel);
            told.Add(await customers.AwaitEnd(checkout, cancel));
        }
    }
}
