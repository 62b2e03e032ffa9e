using Microsoft.Extensions.Logging;

namespace Dapr.Workflow;

/// <summary>Everything a workflow may see and do. Abstract, so that a unit test can stand in for it.</summary>
public abstract class WorkflowContext
{
    public abstract string Name { get; }

    public abstract string InstanceId { get; }

    /// <summary>The turn's clock: the same at every replay.</summary>
    public abstract DateTime CurrentUtcDateTime { get; }

    public abstract bool IsReplaying { get; }

    /// <summary>
    /// True for instances that reach this point for the first time, false for those that passed it
    /// before the patch existed: the way to change the code of running workflows.
    /// </summary>
    public abstract bool IsPatched(string patchName);

    public virtual Task CallActivityAsync(string name, object? input = null, WorkflowTaskOptions? options = null) =>
        CallActivityAsync<object?>(name, input, options);

    public abstract Task<T> CallActivityAsync<T>(string name, object? input = null, WorkflowTaskOptions? options = null);

    public virtual Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken = default) =>
        CreateTimer(CurrentUtcDateTime.Add(delay), cancellationToken);

    public abstract Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken);

    /// <summary>Waits for an event of that name (case does not matter); one that came before is kept for this call.</summary>
    public abstract Task<T> WaitForExternalEventAsync<T>(string eventName, CancellationToken cancellationToken = default);

    /// <exception cref="TaskCanceledException">No event came within <paramref name="timeout"/>.</exception>
    public virtual async Task<T> WaitForExternalEventAsync<T>(string eventName, TimeSpan timeout)
    {
        using var stopTimer = new CancellationTokenSource();
        using var stopWaiting = new CancellationTokenSource();
        var timer = CreateTimer(timeout, stopTimer.Token);
        var raised = WaitForExternalEventAsync<T>(eventName, stopWaiting.Token);
        var late = await Task.WhenAny(timer, raised) == timer;
        // Not CancelAsync: that would leave the workflow's thread.
        (late ? stopWaiting : stopTimer).Cancel();
        return await raised;
    }

    /// <summary>daprd does not deliver events that a workflow sends: raise them from an activity.</summary>
    public abstract void SendEvent(string instanceId, string eventName, object payload);

    public abstract void SetCustomStatus(object? customStatus);

    public virtual Task CallChildWorkflowAsync(string workflowName, object? input = null, ChildWorkflowTaskOptions? options = null) =>
        CallChildWorkflowAsync<object?>(workflowName, input, options);

    public abstract Task<TResult> CallChildWorkflowAsync<TResult>(string workflowName, object? input = null, ChildWorkflowTaskOptions? options = null);

    /// <summary>A logger that is silent while the history is replayed.</summary>
    public abstract ILogger CreateReplaySafeLogger(string categoryName);

    public abstract ILogger CreateReplaySafeLogger(Type type);

    public abstract ILogger CreateReplaySafeLogger<T>();

    /// <summary>When the workflow returns, starts it again with a new input and an empty history.</summary>
    public abstract void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true);

    public abstract Guid NewGuid();
}
