namespace Dapr.Workflow.Worker;

/// <summary>
/// Runs a workflow's code on one thread, in an order that depends on its history alone: what is
/// awaited goes on in this queue. The context's own tasks complete while no context is current, so
/// that who awaits them with ConfigureAwait(false) goes on in place, and not on the thread pool.
/// </summary>
sealed class TurnThread : SynchronizationContext
{
    readonly Queue<(SendOrPostCallback Callback, object? State)> _queue = new();

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_queue)
            _queue.Enqueue((d, state));
    }

    public void Start(Action code)
    {
        With(this, code);
        Drain();
    }

    public void Complete(Action completeTask)
    {
        With(null, completeTask);
        Drain();
    }

    void Drain()
    {
        while (TryNext(out var next))
            With(this, () => next.Callback(next.State));
    }

    bool TryNext(out (SendOrPostCallback Callback, object? State) next)
    {
        lock (_queue)
            return _queue.TryDequeue(out next);
    }

    static void With(SynchronizationContext? context, Action action)
    {
        var outer = Current;
        SetSynchronizationContext(context);
        try
        {
            action();
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }
}
