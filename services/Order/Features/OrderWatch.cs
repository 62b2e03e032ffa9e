using System.Collections.Concurrent;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Ecom.Orders;

/// <summary>Wakes who follows an order, or waits for it, when a commit has changed it: this process's own, or, as <see cref="PostgresLine"/> hears, another replica's.</summary>
public sealed class OrderWatch
{
    /// <summary>How long an order may be on its way from the cart.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How old, or how far ahead by another machine's clock, an order's id may be if its order is still to come.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<string, Bell[]> bells = new();
    readonly FollowOptions options;
    readonly TimeProvider clock;
    readonly CancellationToken stopping;
    int listening;

    public OrderWatch(FollowOptions options, PostgresLine line, IHostApplicationLifetime life, TimeProvider clock)
    {
        (this.options, this.clock, stopping) = (options, clock, life.ApplicationStopping);
        line.Heard += (table, orderId) =>
        {
            if (table == OrderDb.OrdersTable)
                Changed(orderId);
        };
        stopping.Register(RingAll);
    }

    public bool IsStopping => stopping.IsCancellationRequested;

    /// <returns>Null: too many listen already.</returns>
    public Bell? Listen(string orderId)
    {
        if (Interlocked.Increment(ref listening) > options.Most)
        {
            Interlocked.Decrement(ref listening);
            return null;
        }
        var bell = new Bell(this, orderId);
        bells.AddOrUpdate(orderId, [bell], (_, others) => [.. others, bell]);
        return bell;
    }

    /// <summary>The order, or why there is none. A checkout is answered before its event has come here, so that an order with a fresh id is waited for.</summary>
    public async Task<(T? Order, ProblemHttpResult? Refusal)> Await<T>(string orderId, Func<Task<T?>> look, CancellationToken ct) where T : class
    {
        if (await look() is { } known)
            return (known, null);
        if (!MayCome(orderId))
            return (null, Problems.NotFound($"There is no order {orderId}."));
        using var bell = Listen(orderId);
        if (bell is null)
            return (null, TooMany());
        var deadline = clock.GetUtcNow() + Patience;
        while (true)
        {
            if (await look() is { } come)
                return (come, null);
            if (IsStopping)
                return (null, Problems.Busy("order-service stops. Try again."));
            var left = deadline - clock.GetUtcNow();
            if (left <= TimeSpan.Zero)
                return (null, Problems.NotFound($"There is no order {orderId}."));
            await bell.Wait(left, ct);
        }
    }

    public static ProblemHttpResult TooMany() => Problems.Busy("Too many follow their orders right now. Try again.");

    public void Changed(string orderId)
    {
        foreach (var bell in bells.GetValueOrDefault(orderId, []))
            bell.Ring();
    }

    bool MayCome(string orderId) => Ids.TimeOfOrder(orderId) is { } made && (clock.GetUtcNow() - made).Duration() < Fresh;

    void RingAll()
    {
        foreach (var bell in bells.Values.SelectMany(all => all))
            bell.Ring();
    }

    public sealed class Bell(OrderWatch watch, string orderId) : IDisposable
    {
        readonly SemaphoreSlim rung = new(0);

        internal void Ring() => rung.Release();

        /// <summary>Waits for a ring, at most as long as <paramref name="patience"/>. Many rings since the last wait are one.</summary>
        public async Task Wait(TimeSpan patience, CancellationToken ct)
        {
            await rung.WaitAsync(patience > TimeSpan.Zero ? patience : TimeSpan.Zero, ct);
            while (rung.Wait(TimeSpan.Zero, CancellationToken.None))
            {
            }
        }

        public void Dispose()
        {
            // The bell itself is left to the collector: a ring may still be under way.
            while (watch.bells.TryGetValue(orderId, out var all))
            {
                Bell[] others = [.. all.Where(bell => bell != this)];
                if (others.Length == 0 ? watch.bells.TryRemove(KeyValuePair.Create(orderId, all)) : watch.bells.TryUpdate(orderId, others, all))
                    break;
            }
            Interlocked.Decrement(ref watch.listening);
        }
    }
}
