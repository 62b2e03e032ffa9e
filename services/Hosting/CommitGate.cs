using System.Collections.Concurrent;

namespace Ecom.Hosting;

/// <summary>Where the service's writers meet: the line for SQLite's single writer, and the bells that wake who waits for new rows of a kind (the relay, a sender) after their commit.</summary>
public sealed class CommitGate : IDisposable
{
    readonly SemaphoreSlim writer = new(1, 1);
    readonly ConcurrentDictionary<Type, SemaphoreSlim> bells = new();

    public async Task<IDisposable> Enter(CancellationToken ct)
    {
        await writer.WaitAsync(ct);
        return new Turn(writer);
    }

    /// <summary>Tells that rows of these kinds were added and committed.</summary>
    public void Committed(IEnumerable<Type> added)
    {
        foreach (var kind in added)
            if (bells.TryGetValue(kind, out var bell) && bell.CurrentCount == 0)
                Ring(bell);
    }

    /// <summary>Waits for a commit that added <typeparamref name="TRow"/>; one that came since the last wait counts.</summary>
    public Task NewsOf<TRow>(TimeSpan patience, CancellationToken ct) => bells.GetOrAdd(typeof(TRow), _ => new(0, 1)).WaitAsync(patience, ct);

    public void Dispose()
    {
        writer.Dispose();
        foreach (var bell in bells.Values)
            bell.Dispose();
    }

    static void Ring(SemaphoreSlim bell)
    {
        try
        {
            bell.Release();
        }
        catch (SemaphoreFullException)
        {
            // Two commits rang at once; one ring is enough.
        }
    }

    sealed class Turn(SemaphoreSlim writer) : IDisposable
    {
        public void Dispose() => writer.Release();
    }
}
