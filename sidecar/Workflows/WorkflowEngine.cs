using DurableTask.Protobuf;
using Ecom.Sidecar.Storage;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace Ecom.Sidecar.Workflows;

/// <summary>An operation that the engine refuses, in daprd's words.</summary>
public sealed class WorkflowRefusedException(string message) : Exception(message);

/// <summary>
/// Runs one app's workflows as daprd does: keeps their histories, hands turns and activities to
/// the app's workers, and goes on after a crash of either side. What is active lives in memory and,
/// written through, in one SQLite file. A turn may start before the events in it are on disk, since
/// it has no effect; an activity starts, and a caller gets its answer, only afterwards.
/// </summary>
public sealed partial class WorkflowEngine : IAsyncDisposable
{
    const int StartTimer = -1;
    const string NoSuchInstance = "no such instance exists";

    readonly Lock _gate = new();
    readonly Dictionary<string, WorkflowInstance> _instances = [];
    readonly TimerQueue<(string Id, long Key, int TimerId)> _timers;
    readonly WorkflowStore _store;
    readonly GroupCommit? _ownFile;
    readonly string _appId;
    readonly ILogger _log;
    long _lastKey = DateTime.UtcNow.Ticks;

    /// <summary>An engine with a file of its own.</summary>
    public WorkflowEngine(string file, string appId, ILogger log) : this(new GroupCommit(file, line => log.LogError("{Line}", line), WorkflowStore.Schema), appId, log, isOwn: true)
    {
    }

    internal WorkflowEngine(GroupCommit file, string appId, ILogger log, bool isOwn = false)
    {
        (_ownFile, _appId, _log) = (isOwn ? file : null, appId, log);
        _timers = new(timer => Ring(timer.Id, timer.Key, timer.TimerId));
        _store = new WorkflowStore(file, log);
        Recover();
    }

    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        _timers.Dispose();
        if (_ownFile is not null)
            await _ownFile.DisposeAsync();
        _store.Dispose();
    }

    internal async Task<string> Start(CreateInstanceRequest request)
    {
        var id = request.InstanceId.Length > 0 ? request.InstanceId : Guid.NewGuid().ToString("N");
        Task commit;
        lock (_gate)
        {
            if (IsActive(id))
                throw new WorkflowRefusedException(AlreadyActive(id));
            commit = _store.Write(Begin(id, new()
            {
                Name = request.Name,
                Input = request.Input,
                ScheduledStartTimestamp = request.ScheduledStartTimestamp,
                ParentTraceContext = request.ParentTraceContext,
            }));
        }
        await commit;
        return id;
    }

    /// <summary>Null when there is no such instance.</summary>
    internal WorkflowState? Get(string id)
    {
        lock (_gate)
        {
            if (_instances.TryGetValue(id, out var instance))
                return instance.State();
        }
        return _store.ReadEnded(id);
    }

    /// <summary>What the instance has done so far; null when there is no such instance.</summary>
    internal IReadOnlyList<HistoryEvent>? History(string id)
    {
        lock (_gate)
        {
            if (_instances.TryGetValue(id, out var instance))
                return [.. instance.History];
        }
        return _store.ReadHistory(id)?.Events;
    }

    internal Task<WorkflowState> WaitForStart(string id, CancellationToken cancellation) =>
        WaitFor(id, instance => instance.HasStarted.Task, cancellation);

    internal Task<WorkflowState> WaitForEnd(string id, CancellationToken cancellation) =>
        WaitFor(id, instance => instance.HasEnded.Task, cancellation);

    internal Task RaiseEvent(string id, string name, string? input) =>
        Signal(id, new() { EventRaised = new() { Name = name, Input = input } });

    internal Task Suspend(string id, string? reason) => Signal(id, new() { ExecutionSuspended = new() { Input = reason } });

    internal Task Resume(string id, string? reason) => Signal(id, new() { ExecutionResumed = new() { Input = reason } });

    /// <summary>A page of instance ids, the oldest first, and the token of the next page.</summary>
    internal (IReadOnlyList<string> Ids, string? Next) List(string? token, int pageSize)
    {
        var after = long.TryParse(token, out var key) ? key : 0;
        var rows = _store.ReadIds(after, pageSize + 1);
        var page = rows.Take(pageSize).ToList();
        return ([.. page.Select(row => row.Id)], rows.Count > pageSize ? $"{page[^1].Key}" : null);
    }

    bool IsActive(string id) => _instances.TryGetValue(id, out var instance) && instance.LastState is null;

    long NextKey() => ++_lastKey;

    void Recover()
    {
        // A timer that is due already rings meanwhile, on another thread.
        lock (_gate)
            foreach (var (key, id, log) in _store.ReadActive())
            {
                var instance = _instances[id] = new WorkflowInstance(key, id);
                _lastKey = Math.Max(_lastKey, key);
                foreach (var entry in log)
                    instance.Replay(entry);
                foreach (var (taskId, task) in instance.OpenActivities)
                    _work.Writer.TryWrite(new(instance, key, taskId, task));
                foreach (var (timerId, fireAt) in instance.OpenTimers)
                    SetTimer(instance, timerId, fireAt);
                Dispatch(instance);
            }
        if (_instances.Count > 0)
            _log.LogInformation("{Count} workflows go on where they were", _instances.Count);
    }

    List<Change> Begin(string id, ExecutionStartedEvent started)
    {
        var instance = _instances[id] = new WorkflowInstance(NextKey(), id);
        started.WorkflowInstance = new() { InstanceId = id };
        List<Change> changes = [new Change.Begin(instance.Key, id), instance.Append(StartOf(started))];
        Dispatch(instance);
        return changes;
    }

    /// <summary>Without an app of its own, a worker would forget for which app a step is.</summary>
    HistoryEvent StartOf(ExecutionStartedEvent started) => Event(new() { ExecutionStarted = started, Router = new() { SourceAppID = _appId } });

    Task Signal(string id, HistoryEvent signal)
    {
        lock (_gate)
        {
            if (!_instances.TryGetValue(id, out var instance) || instance.LastState is not null)
                return KnownAndEnded(id);
            var commit = _store.Write(instance.Append(Event(signal)));
            Dispatch(instance);
            return commit;
        }
    }

    /// <summary>An instance that has ended takes no more signals, and says nothing about it.</summary>
    Task KnownAndEnded(string id) => IsKnown(id) ? Task.CompletedTask : throw new WorkflowRefusedException(NoSuchInstance);

    bool IsKnown(string id) => _instances.ContainsKey(id) || _store.ReadEnded(id) is not null;

    async Task<WorkflowState> WaitFor(string id, Func<WorkflowInstance, Task> moment, CancellationToken cancellation)
    {
        WorkflowInstance? instance;
        lock (_gate)
            _instances.TryGetValue(id, out instance);
        if (instance is null)
            return Get(id) ?? throw new WorkflowRefusedException(NoSuchInstance);
        await moment(instance).WaitAsync(cancellation);
        lock (_gate)
            return instance.State();
    }

    void SetTimer(WorkflowInstance instance, int timerId, Timestamp at)
    {
        // The official worker writes "never" as the last instant of the calendar.
        if (at.ToDateTime() is { Year: < 9999 } time)
            _timers.Add(time, (instance.Id, instance.Key, timerId));
    }

    void Ring(string id, long key, int timerId)
    {
        lock (_gate)
        {
            if (!_instances.TryGetValue(id, out var instance) || instance.Key != key || instance.LastState is not null)
                return;
            if (instance.OpenTimers.TryGetValue(timerId, out var fireAt))
                _ = _store.Write(instance.Append(Event(new() { TimerFired = new() { TimerId = timerId, FireAt = fireAt } })));
            Dispatch(instance);
        }
    }

    /// <summary>Events that come from outside the workflow's code have no number of their own.</summary>
    static HistoryEvent Event(HistoryEvent e)
    {
        e.EventId = -1;
        e.Timestamp = Timestamp.FromDateTime(DateTime.UtcNow);
        return e;
    }
}
