using DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Ecom.Sidecar.Workflows;

// What a finished turn does: its actions become history, and one write.
public sealed partial class WorkflowEngine
{
    Task Apply(WorkflowInstance instance, Delivery delivery, WorkflowResponse response, List<Work> activities)
    {
        delivery.Started.WorkflowStarted.Version = instance.New(response.Version);
        var now = Timestamp.FromDateTime(DateTime.UtcNow);
        var turn = new TurnRecord { Started = delivery.Started, Consumed = delivery.Consumed, CustomStatus = response.CustomStatus };
        // What follows the end of a workflow is ignored.
        var steps = response.Actions.TakeWhile(action => action.CompleteWorkflow is null).ToList();
        var end = response.Actions.FirstOrDefault(action => action.CompleteWorkflow is not null)?.CompleteWorkflow;
        if (Refusal(steps) is { } refusal)
            (steps, end) = ([], Failed(refusal));
        turn.Produced.AddRange(steps.Select(action => ToEvent(action, instance, now)));
        activities.AddRange(turn.Produced.Where(e => e.TaskScheduled is not null)
            .Select(e => new Work(instance, instance.Key, e.EventId, e.TaskScheduled, Detached: end is not null)));

        List<Change> changes = [instance.Append(turn)];
        foreach (var (step, e) in steps.Zip(turn.Produced))
        {
            if (e.TimerCreated is { } timer && end is null)
                SetTimer(instance, e.EventId, timer.FireAt);
            else if (e.ChildWorkflowInstanceCreated is { } child)
                changes.AddRange(BeginChild(instance, e.EventId, child));
            else if (step.CreateDetachedWorkflow is { } detached)
                changes.AddRange(BeginDetached(instance, detached));
            else if (e.EventSent is { } sent)
                changes.AddRange(HandOver(sent));
        }
        return end is null ? GoOn(instance, changes) : end.WorkflowStatus == OrchestrationStatus.ContinuedAsNew ? Restart(instance, end, changes) : End(instance, end, changes);
    }

    Task GoOn(WorkflowInstance instance, List<Change> changes)
    {
        Dispatch(instance);
        return _store.Write(changes);
    }

    Task Restart(WorkflowInstance instance, CompleteWorkflowAction end, List<Change> changes)
    {
        var started = instance.Started.Clone();
        started.Input = end.Result;
        started.ScheduledStartTimestamp = null;
        changes.AddRange(instance.Restart(NextKey(), StartOf(started), end.CarryoverEvents));
        return GoOn(instance, changes);
    }

    Task End(WorkflowInstance instance, CompleteWorkflowAction end, List<Change> changes)
    {
        changes.Add(instance.End(end.WorkflowStatus, end.Result, end.FailureDetails));
        changes.AddRange(TellParent(instance, end));
        return Finish(changes, [instance]);
    }

    IEnumerable<Change> BeginChild(WorkflowInstance parent, int taskId, ChildWorkflowInstanceCreatedEvent child)
    {
        if (IsActive(child.InstanceId))
        {
            var failure = new TaskFailureDetails { ErrorType = "DuplicateInstance", ErrorMessage = AlreadyActive(child.InstanceId) };
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

    /// <summary>A workflow of its own: it tells nobody how it ends.</summary>
    List<Change> BeginDetached(WorkflowInstance starter, CreateDetachedWorkflowAction detached) => Begin(detached.InstanceId, new()
    {
        Name = detached.Name,
        Input = detached.Input,
        ScheduledStartTimestamp = detached.ScheduledStartTimestamp,
        ParentTraceContext = detached.ParentTraceContext ?? starter.Started.ParentTraceContext,
    });

    /// <summary>An instance that has ended takes no more events, and says nothing about it.</summary>
    IEnumerable<Change> HandOver(EventSentEvent sent)
    {
        if (!IsActive(sent.InstanceId))
            return [];
        var target = _instances[sent.InstanceId];
        var change = target.Append(Event(new() { EventRaised = new() { Name = sent.Name, Input = sent.Input } }));
        Dispatch(target);
        return [change];
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
            e.TimerCreated = ToEvent(timer);
        }
        else if (action.CreateDetachedWorkflow is { } detached)
        {
            e.DetachedWorkflowInstanceCreated = new() { InstanceId = detached.InstanceId };
        }
        else if (action.SendEvent is { } sent)
        {
            e.EventSent = new() { InstanceId = sent.Instance.InstanceId, Name = sent.Name, Input = sent.Data };
        }
        return e;
    }

    static TimerCreatedEvent ToEvent(CreateTimerAction timer)
    {
        var created = new TimerCreatedEvent { FireAt = timer.FireAt };
        if (timer.HasName)
            created.Name = timer.Name;
        if (timer.CreateTimer is { } plain)
            created.CreateTimer = plain;
        else if (timer.ExternalEvent is { } wait)
            created.ExternalEvent = wait;
        else if (timer.ActivityRetry is { } retry)
            created.ActivityRetry = retry;
        else if (timer.ChildWorkflowRetry is { } childRetry)
            created.ChildWorkflowRetry = childRetry;
        return created;
    }
}
