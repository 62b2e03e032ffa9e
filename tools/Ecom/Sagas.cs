using System.Diagnostics;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>Order-service's workflows, by its sidecar's public API.</summary>
static class Sagas
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Ends the sagas of orders that are no more: nobody would ever tell them anything.</summary>
    /// <returns>How many it could end; where no sidecar runs, none.</returns>
    public static async Task<int> End(IReadOnlyList<string> orderIds, Addresses addresses, CancellationToken cancel)
    {
        using var http = SidecarApi.Of(addresses, AppIds.Order);
        var ended = 0;
        try
        {
            await Parallel.ForEachAsync(orderIds, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancel }, async (id, stop) =>
            {
                await Ask(http, id, "terminate", stop);
                // A workflow ends a moment after it was told to, and what runs is not purged.
                var started = Stopwatch.GetTimestamp();
                bool isGone;
                while (!(isGone = await Ask(http, id, "purge", stop)) && Stopwatch.GetElapsedTime(started) < Patience)
                    await Task.Delay(Look, stop);
                Interlocked.Add(ref ended, isGone ? 1 : 0);
            });
        }
        catch (Exception away) when (away is HttpRequestException || away is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            // Where order-service's sidecar does not run, its sagas sleep.
        }
        return ended;
    }

    static async Task<bool> Ask(HttpClient http, string orderId, string what, CancellationToken cancel)
    {
        using var answer = await http.PostAsync(new Uri($"/v1.0/workflows/dapr/{orderId}/{what}", UriKind.Relative), null, cancel);
        return answer.IsSuccessStatusCode;
    }
}
