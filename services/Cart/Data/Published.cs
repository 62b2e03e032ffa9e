using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ecom.Carts;

/// <summary>The latest events that this process knows to be with the broker, and since when. Forgetting one only means that it is sent once more.</summary>
public sealed class Published
{
    const int Capacity = 20_000;
    readonly ConcurrentDictionary<string, long> since = new();
    readonly ConcurrentQueue<string> order = new();

    public bool Knows(string eventId) => since.ContainsKey(eventId);

    /// <summary>True: the event went out while a request that began at this <see cref="Stopwatch"/> time was under way.</summary>
    public bool AfterStartOf(long request, string eventId) => since.TryGetValue(eventId, out var time) && time >= request;

    public void Add(string eventId)
    {
        if (!since.TryAdd(eventId, Stopwatch.GetTimestamp()))
            return;
        order.Enqueue(eventId);
        if (order.Count > Capacity && order.TryDequeue(out var oldest))
            since.TryRemove(oldest, out _);
    }
}
