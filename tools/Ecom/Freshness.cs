using System.Diagnostics;

namespace Ecom.Tool;

/// <summary>How long a checkout takes to show in analytics: from its answer, given when the broker has the event, to the row served by <c>/analytics/operations</c>.</summary>
sealed class Freshness(ShopClient shop, TimeSpan patience, DateTimeOffset since, int known)
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks while orders are placed, and until all of them are shown.</summary>
    /// <returns>For each checkout the milliseconds from its answer to its row; none where nobody computes, which is said.</returns>
    public static async Task<IReadOnlyList<double>> Of(Shop shop, TimeSpan patience, Func<Task<IReadOnlyList<Told>>> orders, CancellationToken cancel)
    {
        if (await Unseen(shop, cancel) is { } reason)
        {
            Terminal.Line($"analytics are not measured: {reason}");
            await orders();
            return [];
        }
        var freshness = await From(shop.Client, patience, cancel);
        int? ended = null;
        var watching = freshness.Watch(() => ended, cancel);
        var told = await orders();
        ended = told.Count;
        return Delays(told.Select(order => order.Checkout.At), await Terminal.Working("waiting for analytics", () => watching));
    }

    /// <summary>Beside PostgreSQL the jobs on Spark compute. Their rows of the last hour show that they run, or else a server on which they may.</summary>
    /// <returns>Why nobody seems to compute; null when somebody may.</returns>
    static async Task<string?> Unseen(Shop shop, CancellationToken cancel)
    {
        if (!shop.Data.IsPostgres || string.Equals(Environment.GetEnvironmentVariable("ANALYTICS_ENGINE"), "embedded", StringComparison.OrdinalIgnoreCase))
            return null;
        if (await shop.Client.HasOperations(DateTimeOffset.UtcNow.AddHours(-1), cancel) || await Doctor.ListensSpark(cancel) is not null)
            return null;
        return $"no row of the last hour, and no Spark server at {Doctor.SparkServer}; start the jobs first: ./run-spark-job.sh all";
    }

    /// <summary>Begins to look; what is counted already does not count.</summary>
    static async Task<Freshness> From(ShopClient shop, TimeSpan patience, CancellationToken cancel)
    {
        var now = DateTimeOffset.UtcNow;
        var since = new DateTimeOffset(now.Ticks - now.Ticks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        return new(shop, patience, since, await shop.CheckoutsCounted(since, cancel));
    }

    /// <summary>Looks until all are counted, or, once it is known how many are wanted, nothing has come for a while.</summary>
    /// <returns>When there were how many.</returns>
    async Task<IReadOnlyList<(DateTimeOffset At, int Counted)>> Watch(Func<int?> wanted, CancellationToken cancel)
    {
        List<(DateTimeOffset, int Counted)> seen = [(since, 0)];
        var quiet = Stopwatch.StartNew();
        while (wanted() is not { } all || (seen[^1].Counted < all && quiet.Elapsed < patience))
        {
            var counted = await shop.CheckoutsCounted(since, cancel) - known;
            if (wanted() is null || counted > seen[^1].Counted)
                quiet.Restart();
            if (counted > seen[^1].Counted)
                seen.Add((DateTimeOffset.UtcNow, counted));
            await Task.Delay(Look, cancel);
        }
        return seen;
    }

    /// <summary>For each checkout in the order of their answers, the milliseconds until as many were counted; fewer than checkouts where some never were.</summary>
    public static IReadOnlyList<double> Delays(IEnumerable<DateTimeOffset> answers, IReadOnlyList<(DateTimeOffset At, int Counted)> seen) =>
    [
        .. answers.Order().Select((answer, i) => (answer, Seen: seen.Where(look => look.Counted > i).Select(look => (DateTimeOffset?)look.At).FirstOrDefault()))
            .Where(checkout => checkout.Seen is not null).Select(checkout => Math.Max(0, (checkout.Seen!.Value - checkout.answer).TotalMilliseconds)),
    ];
}
