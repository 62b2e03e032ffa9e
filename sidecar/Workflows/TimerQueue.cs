namespace Ecom.Sidecar.Workflows;

/// <summary>What is due when: one clock for all timers, armed for the next one.</summary>
sealed class TimerQueue<T> : IDisposable
{
    static readonly TimeSpan LongestNap = TimeSpan.FromHours(1);

    readonly PriorityQueue<T, DateTime> _queue = new();
    readonly Action<T> _due;
    readonly Timer _clock;
    bool _disposed;

    public TimerQueue(Action<T> due)
    {
        _due = due;
        _clock = new Timer(_ => Ring());
    }

    public void Add(DateTime at, T what)
    {
        lock (_queue)
        {
            _queue.Enqueue(what, at);
            if (at <= Next())
                Arm();
        }
    }

    public void Dispose()
    {
        lock (_queue)
            _disposed = true;
        _clock.Dispose();
    }

    void Ring()
    {
        while (TryTake(out var due))
            _due(due);
        lock (_queue)
            Arm();
    }

    bool TryTake(out T due)
    {
        lock (_queue)
        {
            due = default!;
            return !_disposed && _queue.Count > 0 && Next() <= DateTime.UtcNow && _queue.TryDequeue(out due!, out _);
        }
    }

    DateTime Next() => _queue.TryPeek(out _, out var at) ? at : DateTime.MaxValue;

    void Arm()
    {
        if (_disposed || _queue.Count == 0)
            return;
        var wait = Next() - DateTime.UtcNow;
        wait = wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestNap ? LongestNap : wait;
        // Rounded up: ringing early would only mean to arm it again.
        _clock.Change((long)Math.Ceiling(wait.TotalMilliseconds), Timeout.Infinite);
    }
}
