using DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Ecom.Sidecar.Workflows;

// What a finished turn does: its actions become history, and one write.
public sealed partial class WorkflowEngine
{
    Task Apply(WorkflowInstance instance, Delivery delivery, WorkflowResponse response, List<Work> activities)
    {
        if (response.Version is not null)
            delivery.Started.WorkflowStarted.Version = response.Version;
        var now = Timestamp.FromDateTime(DateTime.UtcNow);
        var turn = new TurnRecord { Started = delivery.Started, Consumed = delivery.Consumed, CustomStatus = response.CustomStatus };
        // What follows the end of a workflow is ignored.
        var steps = response.Actions.TakeWhile(action => action.CompleteWorkflow is null).ToList();
        var end = response.Actions.FirstOrDefault(action => action.CompleteWorkflow is not null)?.CompleteWorkflow;
        turn.Produced.AddRange(steps.Select(action => ToEvent(action, instance, now)));
        activities.AddRange(turn.Produced.Where(e => e.TaskScheduled is not null)
            .Select(e => new Work(instance, instance.Key, e.EventId, e.TaskScheduled, Detached: end is not null)));

        List<Change> changes = [instance.Append(turn)];
        foreach (var e in turn.Produced)
        {
            if (e.TimerCreated is { } timer && end is null)
                SetTimer(instance, e.EventId, timer.FireAt);
            else if (e.ChildWorkflowInstanceCreated is { } child)
                changes.AddRange(BeginChild(instance, e.EventId, child));
        }
        if (end is null)
        {
            Dispatch(instance);
            return _store.Write(changes);
        }
        if (end.WorkflowStatus == OrchestrationStatus.ContinuedAsNew)
        {
            var started = instance.Started.Clone();
            started.Input = end.Result;
            started.ScheduledStartTimestamp = null;
            changes.AddRange(instance.Restart(NextKey(), Event(new() { ExecutionStarted = started }), end.CarryoverEvents));
            Dispatch(instance);
            return _store.Write(changes);
        }
        changes.Add(instance.End(end.WorkflowStatus, end.Result, end.FailureDetails));
        changes.AddRange(TellParent(instance, end));
        return Finish(changes, [instance]);
    }

    IEnumerable<Change> BeginChild(WorkflowInstance parent, int taskId, ChildWorkflowInstanceCreatedEvent child)
    {
        if (IsActive(child.InstanceId))
        {
            var failure = new TaskFailureDetails { ErrorType = "DuplicateInstance", ErrorMessage = $"an active workflow with ID '{child.InstanceId}' already exists" };
            return [parent.Append(Event(new() { ChildWorkflowInstanceFailed = new() { TaskScheduledId = taskId, FailureDetails = failure } }))];
        }
        return Begin(child.InstanceId, new()
        {
            Name = child.Name,
            Input = child.Input,
            ParentTraceContext = parent.Started.ParentTraceContext,
            ParentInstance = new() { TaskScheduledId = taskId, Name = parent.Started.Name, WorkflowInstance = new() { InstanceId = parent.Id } },
        });
    }

    IEnumerable<Change> TellParent(WorkflowInstance child, CompleteWorkflowAction end)
    {
        var link = child.Started.ParentInstance;
        if (link is null || !_instances.TryGetValue(link.WorkflowInstance.InstanceId, out var parent) || parent.LastState is not null
            || parent.OpenChildren.GetValueOrDefault(link.TaskScheduledId) != child.Id)
        {
            return [];
        }
        var failure = end.FailureDetails ?? new() { ErrorType = $"{end.WorkflowStatus}", ErrorMessage = "The child workflow did not complete." };
        var change = parent.Append(Event(end.WorkflowStatus == OrchestrationStatus.Completed
            ? new() { ChildWorkflowInstanceCompleted = new() { TaskScheduledId = link.TaskScheduledId, Result = end.Result } }
            : new() { ChildWorkflowInstanceFailed = new() { TaskScheduledId = link.TaskScheduledId, FailureDetails = failure } }));
        Dispatch(parent);
        return [change];
    }

    static HistoryEvent ToEvent(WorkflowAction action, WorkflowInstance instance, Timestamp now)
    {
        var e = new HistoryEvent { EventId = action.Id, Timestamp = now };
        if (action.ScheduleTask is { } task)
        {
            e.TaskScheduled = new() { Name = task.Name, Version = task.Version, Input = task.Input, TaskExecutionId = task.TaskExecutionId };
        }
        else if (action.CreateChildWorkflow is { } child)
        {
            var id = child.InstanceId.Length > 0 ? child.InstanceId : $"{instance.Id}:{action.Id:x4}";
            e.ChildWorkflowInstanceCreated = new() { InstanceId = id, Name = child.Name, Input = child.Input };
        }
        else if (action.CreateTimer is { } timer)
        {
            e.TimerCreated = new() { FireAt = timer.FireAt };
        }
        return e;
    }
}
