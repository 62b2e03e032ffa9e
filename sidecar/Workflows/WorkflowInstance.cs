using DurableTask.Protobuf;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Kind = DurableTask.Protobuf.HistoryEvent.KindOneofCase;

namespace Ecom.Sidecar.Workflows;

/// <summary>
/// One active instance in memory. Its whole state follows from the entries of its log: events that
/// arrived and turns that were run. The engine's lock guards it.
/// </summary>
sealed class WorkflowInstance(long key, string id)
{
    readonly List<HistoryEvent> _history = [];
    readonly List<HistoryEvent> _inbox = [];

    /// <summary>New for each start and each continue-as-new, so that answers to an earlier run are known as such.</summary>
    public long Key { get; private set; } = key;

    public string Id => id;

    public int LogLength { get; private set; }

    public IReadOnlyList<HistoryEvent> History => _history;

    public IReadOnlyList<HistoryEvent> Inbox => _inbox;

    public ExecutionStartedEvent Started { get; private set; } = new();

    public Dictionary<int, TaskScheduledEvent> OpenActivities { get; } = [];

    public Dictionary<int, Timestamp> OpenTimers { get; } = [];

    public Dictionary<int, string> OpenChildren { get; } = [];

    public bool Suspended { get; private set; }

    /// <summary>The worker's code is not the one that began this workflow.</summary>
    public bool Stalled { get; set; }

    /// <summary>The patches that its code has taken, in order.</summary>
    public IReadOnlyList<string> Patches => [.. _history.SelectMany(e => e.WorkflowStarted?.Version?.Patches ?? Enumerable.Empty<string>())];

    /// <summary>A turn waits for a worker.</summary>
    public bool Queued { get; set; }

    /// <summary>The turn that a worker has.</summary>
    public Delivery? Delivered { get; set; }

    public WorkflowState? LastState { get; private set; }

    public TaskCompletionSource HasStarted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource HasEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    Timestamp Created { get; set; } = new();

    Timestamp Updated { get; set; } = new();

    string? CustomStatus { get; set; }

    /// <summary>Adds an entry to the log in memory; the change is what the store must keep of it.</summary>
    public Change Append(IMessage entry)
    {
        var change = new Change.Append(Key, LogLength, entry);
        Replay(entry);
        return change;
    }

    public void Replay(IMessage entry)
    {
        LogLength++;
        if (entry is TurnRecord turn)
            Run(turn);
        else
            Arrive((HistoryEvent)entry);
    }

    public IReadOnlyList<Change> Restart(long newKey, HistoryEvent started, IEnumerable<HistoryEvent> carriedOver)
    {
        // What answers the run that is over has no meaning in the next; signals from outside have.
        var signals = _inbox.Where(e => e.KindCase is Kind.EventRaised or Kind.ExecutionSuspended or Kind.ExecutionResumed);
        HistoryEvent[] first = [started, .. carriedOver, .. signals];
        List<Change> changes = [new Change.Forget(Key), new Change.Begin(newKey, Id)];
        Key = newKey;
        LogLength = 0;
        _history.Clear();
        _inbox.Clear();
        OpenActivities.Clear();
        OpenTimers.Clear();
        OpenChildren.Clear();
        CustomStatus = null;
        changes.AddRange(first.Select(Append));
        return changes;
    }

    /// <summary>What a turn's version adds to the history: a worker names all patches each time.</summary>
    public WorkflowVersion? New(WorkflowVersion? version)
    {
        if (version is null)
            return null;
        var added = new WorkflowVersion { Patches = { version.Patches.Skip(Patches.Count) } };
        if (version.HasName)
            added.Name = version.Name;
        return added;
    }

    public Change End(OrchestrationStatus status, string? output, TaskFailureDetails? failure)
    {
        var state = State();
        state.WorkflowStatus = status;
        state.Output = output;
        state.FailureDetails = failure;
        state.CompletedTimestamp = state.LastUpdatedTimestamp = Timestamp.FromDateTime(DateTime.UtcNow);
        LastState = state;
        _history.Add(new() { EventId = -1, Timestamp = state.CompletedTimestamp, ExecutionCompleted = new() { WorkflowStatus = status, Result = output, FailureDetails = failure } });
        return new Change.End(Key, state, new GetInstanceHistoryResponse { Events = { _history } });
    }

    public WorkflowState State() => LastState?.Clone() ?? new WorkflowState
    {
        InstanceId = Id,
        Name = Started.Name,
        WorkflowStatus = Stalled ? OrchestrationStatus.Stalled
            : Suspended ? OrchestrationStatus.Suspended
            : _history.Count == 0 ? OrchestrationStatus.Pending
            : OrchestrationStatus.Running,
        ScheduledStartTimestamp = Started.ScheduledStartTimestamp,
        CreatedTimestamp = Created,
        LastUpdatedTimestamp = Updated,
        Input = Started.Input,
        CustomStatus = CustomStatus,
    };

    void Arrive(HistoryEvent e)
    {
        _inbox.Add(e);
        Updated = e.Timestamp;
        switch (e.KindCase)
        {
            case Kind.ExecutionStarted:
                Started = e.ExecutionStarted;
                Created = e.Timestamp;
                break;
            case Kind.TaskCompleted:
                OpenActivities.Remove(e.TaskCompleted.TaskScheduledId);
                break;
            case Kind.TaskFailed:
                OpenActivities.Remove(e.TaskFailed.TaskScheduledId);
                break;
            case Kind.ChildWorkflowInstanceCompleted:
                OpenChildren.Remove(e.ChildWorkflowInstanceCompleted.TaskScheduledId);
                break;
            case Kind.ChildWorkflowInstanceFailed:
                OpenChildren.Remove(e.ChildWorkflowInstanceFailed.TaskScheduledId);
                break;
            case Kind.TimerFired:
                OpenTimers.Remove(e.TimerFired.TimerId);
                break;
            case Kind.ExecutionSuspended or Kind.ExecutionResumed:
                Suspended = e.KindCase == Kind.ExecutionSuspended;
                break;
        }
    }

    void Run(TurnRecord turn)
    {
        _history.Add(turn.Started);
        _history.AddRange(_inbox.Take(turn.Consumed));
        _inbox.RemoveRange(0, turn.Consumed);
        _history.AddRange(turn.Produced);
        Updated = turn.Started.Timestamp;
        CustomStatus = turn.CustomStatus;
        HasStarted.TrySetResult();
        foreach (var e in turn.Produced)
        {
            if (e.TaskScheduled is { } task)
                OpenActivities[e.EventId] = task;
            else if (e.TimerCreated is { } timer)
                OpenTimers[e.EventId] = timer.FireAt;
            else if (e.ChildWorkflowInstanceCreated is { } child)
                OpenChildren[e.EventId] = child.InstanceId;
        }
    }
}

/// <summary>A turn in a worker's hands: what it was given, and the token by which its answer is known.</summary>
sealed record Delivery(string Token, HistoryEvent Started, int Consumed);
