using System.Collections.Concurrent;

namespace Ecom.Hosting;

/// <summary>Wakes who waits for rows of a table after the commit that wrote them: this process's own commits, and, by <see cref="PostgresLine"/>, the other replicas'.</summary>
public sealed class Bells : IDisposable
{
    readonly ConcurrentDictionary<string, Bell> bells = new();

    /// <summary>Rings for a table; without a listener nothing happens.</summary>
    public void Ring(string table)
    {
        if (bells.TryGetValue(table, out var bell))
            bell.Ring();
    }

    /// <summary>Everybody looks again: who knows what was missed while nothing was heard.</summary>
    public void RingAll()
    {
        foreach (var bell in bells.Values)
            bell.Ring();
    }

    /// <summary>The one listener of a table. A ring that came since the last wait counts.</summary>
    public Bell Of(string table) => bells.GetOrAdd(table, _ => new Bell());

    public void Dispose()
    {
        foreach (var bell in bells.Values)
            bell.Dispose();
    }

    public sealed class Bell : IDisposable
    {
        readonly SemaphoreSlim rung = new(0, 1);

        /// <summary>Waits for a ring, at most as long as <paramref name="patience"/>.</summary>
        /// <returns>Whether it rang.</returns>
        public Task<bool> Wait(TimeSpan patience, CancellationToken ct) => rung.WaitAsync(patience, ct);

        public void Dispose() => rung.Dispose();

        internal void Ring()
        {
            try
            {
                if (rung.CurrentCount == 0)
                    rung.Release();
            }
            catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
            {
                // Two commits rang at once; one ring is enough. Or nobody waits any more.
            }
        }
    }
}
