using DurableTask.Protobuf;
using Kind = DurableTask.Protobuf.HistoryEvent.KindOneofCase;

namespace Dapr.Workflow.Worker;

/// <summary>Feeds an instance's events to its code, one by one, in the order in which they happened.</summary>
sealed class Replay(ReplayContext context, Func<ReplayContext, ExecutionStartedEvent, Task<object?>> begin)
{
    readonly TurnThread _thread = new();
    readonly Queue<HistoryEvent> _held = new();
    Task<object?>? _code;

    public bool Suspended { get; private set; }

    public void Run(IReadOnlyCollection<HistoryEvent> past, IReadOnlyCollection<HistoryEvent> fresh)
    {
        foreach (var e in past.Concat(fresh))
            context.RecordedPatches.UnionWith(e.WorkflowStarted?.Version?.Patches.AsEnumerable() ?? []);
        context.Replaying(true);
        foreach (var e in past)
            Receive(e);
        context.Replaying(false);
        foreach (var e in fresh)
            Receive(e);
    }

    /// <summary>The code's task when it has ended, null while it waits.</summary>
    public Task<object?>? Outcome()
    {
        if (_code is null || _code.IsCompleted)
            return _code;
        if (!context.Tasks.Any && !context.Events.AnyWaiter)
        {
            throw new NonDeterministicWorkflowException(
                "The workflow awaits a task that is not its context's, or left its thread by ConfigureAwait(false): it would never go on. Do such work in an activity.");
        }
        return null;
    }

    void Receive(HistoryEvent e)
    {
        switch (e.KindCase)
        {
            case Kind.WorkflowStarted:
                context.At(e.Timestamp.ToDateTime());
                break;
            case Kind.ExecutionSuspended:
                Suspended = true;
                break;
            case Kind.ExecutionResumed:
                Suspended = false;
                while (_held.TryDequeue(out var held))
                    Process(held);
                break;
            // What the code asked for before is confirmed at once; what would make it go on waits.
            case not (Kind.TaskScheduled or Kind.TimerCreated or Kind.ChildWorkflowInstanceCreated) when Suspended:
                _held.Enqueue(e);
                break;
            default:
                Process(e);
                break;
        }
    }

    void Process(HistoryEvent e)
    {
        switch (e.KindCase)
        {
            case Kind.ExecutionStarted:
                context.Begin(e.ExecutionStarted.Name);
                _thread.Start(() => _code = Begin(e.ExecutionStarted));
                break;
            case Kind.TaskScheduled:
                context.Tasks.Confirm(e.EventId, StepKind.Activity, e.TaskScheduled.Name);
                break;
            case Kind.ChildWorkflowInstanceCreated:
                context.Tasks.Confirm(e.EventId, StepKind.ChildWorkflow, e.ChildWorkflowInstanceCreated.Name);
                break;
            case Kind.TimerCreated:
                context.Tasks.Confirm(e.EventId, StepKind.Timer, "");
                break;
            default:
                _thread.Complete(() => Answer(e));
                break;
        }
    }

    void Answer(HistoryEvent e)
    {
        switch (e.KindCase)
        {
            case Kind.EventRaised:
                context.Events.Raise(e);
                break;
            case Kind.TimerFired:
                context.Tasks.Complete(e.TimerFired.TimerId, null);
                break;
            case Kind.TaskCompleted:
                context.Tasks.Complete(e.TaskCompleted.TaskScheduledId, e.TaskCompleted.Result);
                break;
            case Kind.TaskFailed:
                context.Tasks.Fail(e.TaskFailed.TaskScheduledId, e.TaskFailed.FailureDetails, StepKind.Activity);
                break;
            case Kind.ChildWorkflowInstanceCompleted:
                context.Tasks.Complete(e.ChildWorkflowInstanceCompleted.TaskScheduledId, e.ChildWorkflowInstanceCompleted.Result);
                break;
            case Kind.ChildWorkflowInstanceFailed:
                context.Tasks.Fail(e.ChildWorkflowInstanceFailed.TaskScheduledId, e.ChildWorkflowInstanceFailed.FailureDetails, StepKind.ChildWorkflow);
                break;
        }
    }

    async Task<object?> Begin(ExecutionStartedEvent started) => await begin(context, started);
}
