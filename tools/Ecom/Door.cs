using System.Diagnostics;

namespace Ecom.Tool;

/// <summary>Through which shoppers come, not by the clock, for a while.</summary>
static class Door
{
    /// <summary>More would be a load test; whoever comes then waits at the door.</summary>
    const int MostInTheShop = 200;

    /// <param name="rate">So many a minute.</param>
    /// <param name="seed">Of the pauses between them.</param>
    /// <param name="meanwhile">Is done until the last has gone.</param>
    public static async Task Open<T>(IEnumerable<T> shoppers, int rate, TimeSpan time, int seed, Stopwatch clock, Func<T, Task> receive, Func<CancellationToken, Task> meanwhile, CancellationToken cancel)
    {
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var door = new SemaphoreSlim(MostInTheShop);
        var (background, pauses, next, inside) = (meanwhile(closing.Token), new Random(seed), TimeSpan.Zero, new List<Task>());
        try
        {
            foreach (var shopper in shoppers)
            {
                // People do not come by the clock: the time between two of them is exponentially distributed.
                next += TimeSpan.FromMinutes(-Math.Log(1 - pauses.NextDouble()) / rate);
                if (next > time)
                    break;
                if (next - clock.Elapsed is { Ticks: > 0 } wait)
                    await Task.Delay(wait, cancel);
                await door.WaitAsync(cancel);
                inside.RemoveAll(visit => visit.IsCompletedSuccessfully);
                if (inside.Find(visit => visit.IsFaulted) is { } failed)
                    await failed;
                inside.Add(Visit(shopper));
            }
            await Task.WhenAll(inside);
        }
        finally
        {
            await closing.CancelAsync();
            await background.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task Visit(T shopper)
        {
            try
            {
                await receive(shopper);
            }
            finally
            {
                door.Release();
            }
        }
    }
}
