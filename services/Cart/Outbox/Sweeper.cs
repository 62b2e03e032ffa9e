using Ecom.Hosting;

namespace Ecom.Carts;

/// <summary>Ends what did not end by itself: tries again what the broker did not take, and takes over the carts of replicas that died.</summary>
public sealed partial class Sweeper(CartOutbox outbox, CartStore carts, Metrics metrics, ILogger<Sweeper> log) : BackgroundService
{
    static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    const int RoundsPerTakeOver = 10;
    const int AtOnce = 8;
    bool failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Meter.CreateObservableGauge("ecom_carts_waiting", () => outbox.Stuck().Count, description: "Carts with events or keys that did not go out yet");
        using var timer = new PeriodicTimer(Round);
        // Replicas that start together do not look at the same moment.
        for (var round = Random.Shared.Next(RoundsPerTakeOver); await timer.WaitForNextTickAsync(stoppingToken); round++)
            await Sweep(takeOver: round % RoundsPerTakeOver == 0, stoppingToken);
    }

    /// <summary>A stop leaves the list as it should be, so that nobody looks after carts that owe nothing.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await outbox.Tidy(TimeSpan.Zero);
        }
        catch (AwayException e)
        {
            LogFailed(e.Message);
        }
    }

    async Task Sweep(bool takeOver, CancellationToken ct)
    {
        try
        {
            await outbox.Tidy(CartOutbox.Linger);
            if (takeOver)
                await outbox.TakeOver();
            await Retry(ct);
            failing = false;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (!failing)
                LogFailed(e.GetBaseException().Message);
            failing = true;
        }
    }

    /// <summary>Some failures end the round: then it is the broker or the store, and no cart's own fault.</summary>
    async Task Retry(CancellationToken ct)
    {
        var stuck = outbox.Stuck().ToArray();
        Random.Shared.Shuffle(stuck);
        var failures = 0;
        await Parallel.ForEachAsync(stuck, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (lane, _) =>
        {
            if (failures < AtOnce && !await TryAgain(lane))
                Interlocked.Increment(ref failures);
        });
    }

    async Task<bool> TryAgain(Lane lane)
    {
        lane.Doubt(false);
        try
        {
            return await lane.Send(await carts.Read(lane.UserId, CancellationToken.None));
        }
        catch (Exception e)
        {
            lane.Doubt();
            LogFailed(e.GetBaseException().Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Carts that owe something are looked after later: {Reason}")]
    partial void LogFailed(string reason);
}
