using System.Threading.Channels;
using DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace Ecom.Sidecar.Workflows;

// The side of the engine that faces the workers: what is handed out, and what comes back.
public sealed partial class WorkflowEngine
{
    readonly Channel<Work> _work = Channel.CreateUnbounded<Work>();
    readonly List<Worker> _workers = [];

    public int ConnectedWorkers
    {
        get
        {
            lock (_gate)
                return _workers.Count;
        }
    }

    /// <summary>Feeds one worker until it goes; what it has not answered then goes to the next one.</summary>
    /// <param name="send">Takes an item, and whether another follows at once.</param>
    internal async Task Serve(Func<WorkItem, bool, Task> send, CancellationToken gone)
    {
        var worker = new Worker();
        lock (_gate)
            _workers.Add(worker);
        try
        {
            while (await _work.Reader.WaitToReadAsync(gone))
            {
                // One item behind, so that the last of a burst is known and the others need no flush of their own.
                WorkItem? last = null;
                while (_work.Reader.TryRead(out var work))
                {
                    if (Deliver(work, worker) is not { } item)
                        continue;
                    if (last is not null)
                        await send(last, true);
                    last = item;
                }
                if (last is not null)
                    await send(last, false);
            }
        }
        finally
        {
            lock (_gate)
                TakeBack(worker);
        }
    }

    internal async Task CompleteTurn(WorkflowResponse response)
    {
        Task commit;
        List<Work> activities = [];
        lock (_gate)
        {
            if (!_instances.TryGetValue(response.InstanceId, out var instance) || instance.LastState is not null
                || instance.Delivered is not { } delivery || !Matches(response.CompletionToken, delivery.Token))
            {
                _log.LogDebug("A turn of {InstanceId} came too late and is ignored", response.InstanceId);
                return;
            }
            instance.Delivered = null;
            Answered(instance.Key, Work.Turn);
            commit = Apply(instance, delivery, response, activities);
        }
        await commit;
        foreach (var activity in activities)
            _work.Writer.TryWrite(activity);
    }

    internal Task CompleteActivity(ActivityResponse response)
    {
        lock (_gate)
        {
            if (!_instances.TryGetValue(response.InstanceId, out var instance) || instance.LastState is not null
                || !Matches(response.CompletionToken, $"{instance.Key}")
                || !instance.OpenActivities.TryGetValue(response.TaskId, out var task))
            {
                _log.LogDebug("A result of {InstanceId} came too late and is ignored", response.InstanceId);
                return Task.CompletedTask;
            }
            Answered(instance.Key, response.TaskId);
            var commit = _store.Write(instance.Append(Event(response.FailureDetails is { } failure
                ? new() { TaskFailed = new() { TaskScheduledId = response.TaskId, FailureDetails = failure, TaskExecutionId = task.TaskExecutionId } }
                : new() { TaskCompleted = new() { TaskScheduledId = response.TaskId, Result = response.Result, TaskExecutionId = task.TaskExecutionId } })));
            Dispatch(instance);
            return commit;
        }
    }

    static bool Matches(string token, string expected) => token.Length == 0 || token == expected;

    /// <summary>Queues the instance's next turn when there is something to do and nothing in the way.</summary>
    void Dispatch(WorkflowInstance instance)
    {
        if (instance.Queued || instance.Delivered is not null || instance.Suspended || instance.Inbox.Count == 0 || instance.LastState is not null)
            return;
        if (instance.History.Count == 0 && instance.Started.ScheduledStartTimestamp is { } at && at.ToDateTime() > DateTime.UtcNow)
        {
            SetTimer(instance, StartTimer, at);
            return;
        }
        instance.Queued = true;
        _work.Writer.TryWrite(new(instance, instance.Key, Work.Turn));
    }

    WorkItem? Deliver(Work work, Worker worker)
    {
        lock (_gate)
            return TryHandOver(work, worker);
    }

    WorkItem? TryHandOver(Work work, Worker worker)
    {
        var instance = work.Instance;
        if (work.TaskId == Work.Turn)
        {
            instance.Queued = false;
            if (instance.LastState is not null || instance.Suspended || instance.Delivered is not null)
                return null;
            // A restart since it was queued changes the key, not the need for a turn.
            work = work with { Key = instance.Key };
        }
        else if (!work.Detached && (instance.LastState is not null || instance.Key != work.Key || !instance.OpenActivities.ContainsKey(work.TaskId)))
        {
            return null;
        }
        worker.Outstanding[(work.Key, work.TaskId)] = work;
        return work.TaskId == Work.Turn ? Turn(instance) : Activity(work);
    }

    WorkItem Turn(WorkflowInstance instance)
    {
        var delivery = instance.Delivered = new($"{NextKey()}", Event(new() { WorkflowStarted = new() }), instance.Inbox.Count);
        var request = new WorkflowRequest { InstanceId = instance.Id };
        request.PastEvents.AddRange(instance.History);
        request.NewEvents.Add(delivery.Started);
        request.NewEvents.AddRange(instance.Inbox);
        return new() { WorkflowRequest = request, CompletionToken = delivery.Token };
    }

    static WorkItem Activity(Work work) => new()
    {
        CompletionToken = $"{work.Key}",
        ActivityRequest = new()
        {
            Name = work.Task!.Name,
            Version = work.Task.Version,
            Input = work.Task.Input,
            TaskId = work.TaskId,
            TaskExecutionId = work.Task.TaskExecutionId,
            WorkflowInstance = new() { InstanceId = work.Instance.Id },
            ParentTraceContext = work.Instance.Started.ParentTraceContext,
        },
    };

    void TakeBack(Worker worker)
    {
        _workers.Remove(worker);
        foreach (var work in worker.Outstanding.Values)
        {
            if (work.TaskId != Work.Turn)
            {
                _work.Writer.TryWrite(work);
            }
            else if (work.Instance.Key == work.Key)
            {
                work.Instance.Delivered = null;
                Dispatch(work.Instance);
            }
        }
    }

    void Answered(long key, int taskId)
    {
        foreach (var worker in _workers)
            worker.Outstanding.Remove((key, taskId));
    }

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

    /// <summary>A turn, or an activity, that a worker should do.</summary>
    readonly record struct Work(WorkflowInstance Instance, long Key, int TaskId, TaskScheduledEvent? Task = null, bool Detached = false)
    {
        public const int Turn = -1;
    }

    sealed class Worker
    {
        public Dictionary<(long Key, int TaskId), Work> Outstanding { get; } = [];
    }
}
