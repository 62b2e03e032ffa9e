using System.Threading.Channels;
using DurableTask.Protobuf;
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
            Welcome(worker);
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
            if (Misfit(instance, response) is { } why)
            {
                _log.LogWarning("Workflow {InstanceId} stalls until another worker comes: {Reason}", instance.Id, why);
                instance.Stalled = true;
                return;
            }
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
        if (instance.Queued || instance.Delivered is not null || instance.Suspended || instance.Stalled || instance.Inbox.Count == 0 || instance.LastState is not null)
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

    void Welcome(Worker worker)
    {
        _workers.Add(worker);
        foreach (var instance in _instances.Values.Where(instance => instance.Stalled))
        {
            instance.Stalled = false;
            Dispatch(instance);
        }
    }

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
