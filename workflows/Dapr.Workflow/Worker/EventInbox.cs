using DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>External events, first in first out per name: an event waits for its reader, or a reader for its event.</summary>
sealed class EventInbox
{
    readonly List<HistoryEvent> _events = [];
    readonly List<Waiter> _waiters = [];

    public bool AnyWaiter => _waiters.Count > 0;

    /// <summary>What came and nobody read, in the order of arrival.</summary>
    public IReadOnlyList<HistoryEvent> Unread => _events;

    public void Raise(HistoryEvent raised)
    {
        var waiter = _waiters.Find(waiter => Matches(waiter.Name, raised));
        if (waiter is null)
        {
            _events.Add(raised);
            return;
        }
        _waiters.Remove(waiter);
        waiter.Source.TrySetResult(raised.EventRaised.Input);
    }

    public bool TryRead(string name, out string? payload)
    {
        var index = _events.FindIndex(raised => Matches(name, raised));
        payload = index < 0 ? null : _events[index].EventRaised.Input;
        if (index >= 0)
            _events.RemoveAt(index);
        return index >= 0;
    }

    public async Task<string?> Read(string name, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (TryRead(name, out var payload))
            return payload;
        var waiter = new Waiter(name, new TaskCompletionSource<string?>());
        _waiters.Add(waiter);
        using var registration = cancellation.Register(() =>
        {
            _waiters.Remove(waiter);
            waiter.Source.TrySetCanceled(cancellation);
        });
        return await waiter.Source.Task.ConfigureAwait(false);
    }

    static bool Matches(string name, HistoryEvent raised) =>
        string.Equals(name, raised.EventRaised.Name, StringComparison.OrdinalIgnoreCase);

    sealed record Waiter(string Name, TaskCompletionSource<string?> Source);
}
