using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Ecom.Tool;

/// <summary>A minute of a load: what the orders that ended in it took, and what the shop holds at its end.</summary>
/// <param name="Minute">From 1 on.</param>
/// <param name="MemoryMb">All processes of the shop together; null where they are not of this machine.</param>
/// <param name="Unsent">Events and mails that wait to be sent.</param>
sealed record MinuteFigures(int Minute, int Orders, double? CheckoutP50Ms, double? CheckoutP95Ms, double? P50Ms, double? P95Ms, double? MemoryMb, int Unsent);

sealed record LastingFigures([property: JsonIgnore] DemoFigures Common, IReadOnlyList<MinuteFigures> Minutes, double? AnalyticsP50Ms, double? AnalyticsP95Ms) : DemoFigures(Common), IFreshness;

/// <summary>Customers who come at a steady rate for a while: whether the last minute is as the first.</summary>
sealed class LastingLoad(Shop shop, ShopChoice choice)
{
    /// <summary>Of the pauses between customers, so that two runs can be compared.</summary>
    const int Seed = 1;

    readonly Customers customers = new(shop.Client, choice.Patience);
    readonly ConcurrentQueue<Told> ended = [];
    readonly List<Told> all = [];
    readonly List<MinuteFigures> minutes = [];

    /// <param name="wishes">At least as many as customers come.</param>
    /// <param name="rate">Orders a minute.</param>
    public async Task<int> Run(IReadOnlyList<Wish> wishes, int rate, TimeSpan time, CancellationToken cancel)
    {
        await Terminal.Working("filling the shelves (not measured)", () => customers.Restock(wishes, cancel));
        var delays = await Freshness.Of(shop, choice.Patience, async () =>
        {
            await Door.Open(wishes, rate, time, Seed, Stopwatch.StartNew(), wish => Receive(wish, cancel), Watch, cancel);
            await Tell(cancel);
            return all;
        }, cancel);
        return await Summary.Finish(shop, all, figures => new LastingFigures(figures, minutes, Figures.Percentile(delays, 0.50), Figures.Percentile(delays, 0.95)), choice, cancel);
    }

    async Task Receive(Wish wish, CancellationToken cancel)
    {
        await customers.FillCart(wish, cancel);
        ended.Enqueue(await customers.AwaitEnd(await customers.Checkout(wish, cancel), cancel));
    }

    async Task Watch(CancellationToken cancel)
    {
        using var everyMinute = new PeriodicTimer(TimeSpan.FromMinutes(1));
        while (await everyMinute.WaitForNextTickAsync(cancel))
            await Tell(cancel);
    }

    async Task Tell(CancellationToken cancel)
    {
        List<Told> told = [];
        while (ended.TryDequeue(out var order))
            told.Add(order);
        all.AddRange(told);
        var checkouts = told.Select(order => order.Checkout.Ms).ToList();
        var ends = told.Select(order => order.FulfilledMs).OfType<double>().ToList();
        var figures = new MinuteFigures(
            minutes.Count + 1, told.Count, Figures.Percentile(checkouts, 0.5), Figures.Percentile(checkouts, 0.95), Figures.Percentile(ends, 0.5), Figures.Percentile(ends, 0.95), shop.MemoryMb(),
            await Books.CountWaiting(shop.Data, cancel));
        minutes.Add(figures);
        Terminal.Line($"minute {figures.Minute,3}: {figures.Orders,5} orders, checkout p50 {figures.CheckoutP50Ms} ms, p95 {figures.CheckoutP95Ms} ms; to FULFILLED p50 {figures.P50Ms} ms, p95 {figures.P95Ms} ms; {figures.MemoryMb:0} MB; {figures.Unsent} to be sent");
    }
}
