using System.Globalization;
using Dapr;
using Dapr.Client;
using Ecom.Contracts;
using Ecom.Hosting;
using Grpc.Core;

namespace Ecom.Carts;

/// <summary>
/// Documents in the Dapr state store. Every call has its own deadline, and a save does not end with the request that wanted it.
/// Redis keeps "first write" for good: a key is always saved by <see cref="TrySave"/>, or always by <see cref="Keep"/>.
/// </summary>
public sealed class Documents(DaprClient dapr)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    public Task<(T? Value, string ETag)> Load<T>(string key, CancellationToken ct = default) where T : class => Ask(async patience =>
    {
        var (value, etag) = await dapr.GetStateAndETagAsync<T?>(Components.CartStore, key, cancellationToken: patience);
        return (value, etag ?? "");
    }, ct);

    /// <summary>False: somebody else has saved it since it was loaded.</summary>
    public async Task<bool> TrySave<T>(string key, T value, string etag, TimeSpan? timeToLive = null) where T : class
    {
        try
        {
            return await Ask(async patience =>
            {
                CrashPoint.Reach($"{AppIds.Cart}.save");
                var isSaved = await dapr.TrySaveStateAsync(Components.CartStore, key, value, etag, FirstWrite, Metadata(timeToLive), patience);
                CrashPoint.Reach($"{AppIds.Cart}.saved");
                return isSaved;
            });
        }
        catch (AwayException) when (etag.Length == 0)
        {
            // Without an ETag Redis and PostgreSQL answer a lost first write as any other error: somebody else's document tells it apart.
            var (_, now) = await Load<object>(key);
            if (now.Length == 0)
                throw;
            return false;
        }
    }

    /// <summary>Saves what is the same whoever saves it.</summary>
    public Task Keep<T>(string key, T value, TimeSpan timeToLive) => Ask(async patience =>
    {
        await dapr.SaveStateAsync(Components.CartStore, key, value, metadata: Metadata(timeToLive), cancellationToken: patience);
        return true;
    });

    static Dictionary<string, string>? Metadata(TimeSpan? timeToLive) => timeToLive is { } time
        ? new() { ["ttlInSeconds"] = ((long)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture) }
        : null;

    static async Task<T> Ask<T>(Func<CancellationToken, Task<T>> call, CancellationToken ct = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            return await call(patience.Token);
        }
        catch (Exception e) when (e is DaprException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            // An error that the sidecar itself has answered comes without an exception of the connection.
            throw new AwayException(e.InnerException is RpcException { Status.DebugException: not null } ? "The sidecar" : "The carts' store", e);
        }
    }
}
