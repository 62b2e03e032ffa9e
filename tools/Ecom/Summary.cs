using System.Text.Json.Serialization;

namespace Ecom.Tool;

record DemoFigures(int Orders, int Fulfilled, int Cancelled, int Stuck, double? P50Ms, double? P95Ms, double? FirstOrderMs, double? MemoryMb, bool BooksOk);

sealed record LoadFigures([property: JsonIgnore] DemoFigures Common, double AcceptedPerS, double EndedPerS, double? CheckoutP50Ms, double? CheckoutP95Ms, double? AnalyticsP50Ms, double? AnalyticsP95Ms)
    : DemoFigures(Common), IFreshness;

/// <summary>How long a checkout takes to show in analytics; null: none has come there.</summary>
interface IFreshness
{
    double? AnalyticsP50Ms { get; }

    double? AnalyticsP95Ms { get; }
}

/// <summary>A burst: when it began, and how long its checkouts took to show in analytics.</summary>
sealed record Burst(DateTimeOffset Started, IReadOnlyList<double> AnalyticsMs);

/// <summary>The end of a run: the audit, the figures, the exit code.</summary>
static class Summary
{
    /// <param name="more">What a run has to say beyond that.</param>
    public static async Task<int> Finish(Shop shop, IReadOnlyList<Told> told, Func<DemoFigures, DemoFigures>? more, ShopChoice choice, CancellationToken cancel)
    {
        Terminal.Line();
        var report = await Terminal.Working("auditing", () => Audit.Settled(shop.Data, shop.Addresses, cancel));
        Audit.Print(report);
        if (told.FirstOrDefault(order => report.Books.Orders.All(row => row.Id != order.Checkout.OrderId)) is { } unknown)
            throw new ToolError($"{unknown.Checkout.OrderId} is not in the books of {report.Place}: the shop that runs keeps them elsewhere; load its .env, or name its folder with --data");
        var figures = Measure(shop, told, report.Ok);
        Print(figures);
        figures = more?.Invoke(figures) ?? figures;
        if (figures is LoadFigures load)
            Print(load);
        if (figures is IFreshness freshness)
            Print(freshness);
        if (shop.Client.Retries > 0)
            Terminal.Line($"{shop.Client.Retries} requests were asked again because a service was away");
        if (choice.Json)
            Figures.PrintJson(figures);
        return figures is { Stuck: 0, BooksOk: true } ? Exit.Ok : Exit.NotSo;
    }

    static DemoFigures Measure(Shop shop, IReadOnlyList<Told> told, bool booksOk)
    {
        var latencies = told.Select(order => order.FulfilledMs).OfType<double>().ToArray();
        var stuck = told.Count(order => order.EndedAt is null);
        var first = told.Where(order => order.Fulfilled).Min(order => order.EndedAt) - Shop.CommandStarted;
        return new(told.Count, latencies.Length, told.Count - latencies.Length - stuck, stuck, Figures.Percentile(latencies, 0.50), Figures.Percentile(latencies, 0.95),
            first is { } wait ? Math.Round(wait.TotalMilliseconds) : null, shop.MemoryMb(), booksOk);
    }

    /// <summary>A burst's rates.</summary>
    public static LoadFigures Measure(DemoFigures figures, IReadOnlyList<Told> told, Burst burst)
    {
        var checkouts = told.Select(order => order.Checkout.Ms).ToArray();
        return new(figures,
            Rate(told.Count, told.Max(order => order.Checkout.At) - burst.Started),
            Rate(told.Count - figures.Stuck, (told.Max(order => order.EndedAt) ?? burst.Started) - burst.Started),
            Figures.Percentile(checkouts, 0.50), Figures.Percentile(checkouts, 0.95),
            Figures.Percentile(burst.AnalyticsMs, 0.50), Figures.Percentile(burst.AnalyticsMs, 0.95));
    }

    static double Rate(int number, TimeSpan time) => time > TimeSpan.Zero ? Math.Round(number / time.TotalSeconds, 1) : 0;

    static void Print(DemoFigures figures)
    {
        Terminal.Line();
        Terminal.Line($"{figures.Orders} orders: {Terminal.Green($"{figures.Fulfilled} fulfilled")}, {figures.Cancelled} cancelled, {(figures.Stuck == 0 ? Terminal.Plain("0 stuck") : Terminal.Red($"{figures.Stuck} stuck"))}");
        if (figures.Fulfilled > 0)
            Terminal.Line($"checkout answered to FULFILLED: p50 {figures.P50Ms} ms, p95 {figures.P95Ms} ms; first {figures.FirstOrderMs / 1000:0.0} s after the command");
        if (figures.MemoryMb is not null)
            Terminal.Line($"memory: {figures.MemoryMb:0} MB resident, all processes together");
    }

    static void Print(LoadFigures figures)
    {
        Terminal.Line($"checkout: p50 {figures.CheckoutP50Ms} ms, p95 {figures.CheckoutP95Ms} ms");
        Terminal.Line($"burst: {figures.AcceptedPerS:0} accepted/s, {figures.EndedPerS:0} ended/s (first checkout to last answer, and to last end; carts filled before)");
    }

    static void Print(IFreshness figures)
    {
        if (figures.AnalyticsP50Ms is null)
            Terminal.Line($"analytics: no checkout has come to its rows");
        else
            Terminal.Line($"analytics: checkout answered to row served p50 {figures.AnalyticsP50Ms} ms, p95 {figures.AnalyticsP95Ms} ms");
    }
}
