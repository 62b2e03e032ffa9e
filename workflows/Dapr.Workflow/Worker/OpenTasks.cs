using DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>The history does not fit the code: it was changed while instances were running, or it is not deterministic.</summary>
sealed class NonDeterministicWorkflowException(string message) : Exception(message);

/// <summary>
/// What the code has asked for, numbered in the order of asking. The history must confirm each
/// request (same number, kind and name); those that it does not have yet are the turn's actions.
/// </summary>
sealed class OpenTasks
{
    readonly SortedDictionary<int, WorkflowAction> _unconfirmed = [];
    readonly Dictionary<int, TaskCompletionSource<string?>> _open = [];
    int _nextId;

    public int NextId => _nextId;

    public bool Any => _open.Count > 0;

    public IEnumerable<WorkflowAction> Unconfirmed => _unconfirmed.Values;

    public Task<string?> Ask(WorkflowAction action, CancellationToken cancellation = default)
    {
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<string?>(cancellation);
        var id = action.Id = _nextId++;
        var source = new TaskCompletionSource<string?>();
        _unconfirmed[id] = action;
        _open[id] = source;
        if (!cancellation.CanBeCanceled)
            return source.Task;
        return Cancellable(id, source, cancellation);
    }

    public void Confirm(int id, string kind, string name)
    {
        _unconfirmed.Remove(id, out var asked);
        var (askedKind, askedName) = Describe(asked);
        if (kind != askedKind || name != askedName)
        {
            throw new NonDeterministicWorkflowException(
                $"step {id}: the history has {Text(kind, name)}, the code asked for {Text(askedKind, askedName)}. "
                + "The workflow's code was changed while this instance was running, or it is not deterministic.");
        }
    }

    public void Complete(int id, string? result)
    {
        if (_open.Remove(id, out var source))
            source.TrySetResult(result);
    }

    public void Fail(int id, TaskFailureDetails details, string kind)
    {
        if (_open.Remove(id, out var source))
            source.TrySetException(new WorkflowTaskFailedException($"The {kind} failed: {details.ErrorType}: {details.ErrorMessage}", details.ToPublic()));
    }

    async Task<string?> Cancellable(int id, TaskCompletionSource<string?> source, CancellationToken cancellation)
    {
        using var registration = cancellation.Register(() =>
        {
            // A timer that was given up in the turn that asked for it need not reach the engine.
            _unconfirmed.Remove(id);
            _open.Remove(id);
            source.TrySetCanceled(cancellation);
        });
        return await source.Task.ConfigureAwait(false);
    }

    static (string Kind, string Name) Describe(WorkflowAction? action) => action?.ActionCase switch
    {
        null => ("nothing", ""),
        WorkflowAction.ActionOneofCase.ScheduleTask => (StepKind.Activity, action.ScheduleTask.Name),
        WorkflowAction.ActionOneofCase.CreateChildWorkflow => (StepKind.ChildWorkflow, action.CreateChildWorkflow.Name),
        _ => (StepKind.Timer, ""),
    };

    static string Text(string kind, string name) => name.Length == 0 ? kind : $"{kind} {name}";
}

static class StepKind
{
    public const string Activity = "activity";
    public const string ChildWorkflow = "child workflow";
    public const string Timer = "timer";
}
