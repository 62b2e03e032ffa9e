using System.Collections.Concurrent;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>One change of an order's status; <see cref="Ended"/> is the last.</summary>
public sealed record StatusChange(string OrderId, string Status, DateTimeOffset UpdatedAt, bool Ended, string? CancellationSource, string? CancelReason);

/// <summary>Server-sent events: the present status at once, then each change until the order has ended.</summary>
public static class FollowOrder
{
    /// <summary>A change made by another replica of this service is seen by looking again.</summary>
    static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    public static async Task<Results<ServerSentEventsResult<StatusChange>, ProblemHttpResult>> Stream(
        [FromRoute(Name = "order_id")] string orderId, IServiceScopeFactory scopes, OrderWatch watch, CancellationToken ct) =>
        await Look(scopes, orderId, ct) is null
            ? Problems.NotFound($"There is no order {orderId}.")
            : TypedResults.ServerSentEvents(Changes(orderId, scopes, watch, ct));

    static async IAsyncEnumerable<SseItem<StatusChange>> Changes(string orderId, IServiceScopeFactory scopes, OrderWatch watch, [EnumeratorCancellation] CancellationToken ct)
    {
        using var bell = watch.Listen(orderId);
        StatusChange? last = null;
        while (last is not { Ended: true })
        {
            if (await Look(scopes, orderId, ct) is { } now && (now.Status, now.Ended) != (last?.Status, last?.Ended))
                yield return new(last = now, "status");
            if (last is not { Ended: true })
                await bell.Wait(LookAgain, ct);
        }
    }

    static async Task<StatusChange?> Look(IServiceScopeFactory scopes, string orderId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<OrderDb>().Orders.Where(o => o.OrderId == orderId)
            .Select(o => new StatusChange(o.OrderId, o.Status.ToString(), o.UpdatedAt, o.ClosedAt != null, o.CancellationSource, o.CancelReason)).SingleOrDefaultAsync(ct);
    }
}

/// <summary>Wakes those who follow an order when this process has changed it.</summary>
public sealed class OrderWatch
{
    readonly ConcurrentDictionary<string, Bell[]> bells = new();

    public Bell Listen(string orderId)
    {
        var bell = new Bell(this, orderId);
        bells.AddOrUpdate(orderId, [bell], (_, others) => [.. others, bell]);
        return bell;
    }

    public void Changed(string orderId)
    {
        foreach (var bell in bells.GetValueOrDefault(orderId, []))
            bell.Ring();
    }

    public sealed class Bell(OrderWatch watch, string orderId) : IDisposable
    {
        readonly SemaphoreSlim rung = new(0);

        internal void Ring() => rung.Release();

        public Task Wait(TimeSpan patience, CancellationToken ct) => rung.WaitAsync(patience, ct);

        public void Dispose()
        {
            // The bell itself is left to the collector: a ring may still be under way.
            while (watch.bells.TryGetValue(orderId, out var all))
            {
                Bell[] others = [.. all.Where(bell => bell != this)];
                if (others.Length == 0 ? watch.bells.TryRemove(KeyValuePair.Create(orderId, all)) : watch.bells.TryUpdate(orderId, others, all))
                    return;
            }
        }
    }
}
