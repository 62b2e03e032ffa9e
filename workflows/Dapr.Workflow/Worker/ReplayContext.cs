using System.Security.Cryptography;
using System.Text;
using DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace Dapr.Workflow.Worker;

/// <summary>The context of one turn: answers from the history, and collects what the history does not have yet.</summary>
sealed class ReplayContext(string instanceId, ILoggerFactory loggers) : WorkflowContext
{
    readonly Dictionary<string, bool> _patches = [];
    string _name = "";
    DateTime _now;
    bool _replaying;
    int _guids;

    public OpenTasks Tasks { get; } = new();

    public EventInbox Events { get; } = new();

    /// <summary>The patches that earlier turns of this instance have recorded.</summary>
    public HashSet<string> RecordedPatches { get; } = [];

    public IEnumerable<string> AppliedPatches => _patches.Where(patch => patch.Value).Select(patch => patch.Key);

    public string? CustomStatus { get; private set; }

    public Restart? Restart { get; private set; }

    public override string Name => _name;

    public override string InstanceId => instanceId;

    public override DateTime CurrentUtcDateTime => _now;

    public override bool IsReplaying => _replaying;

    public void Begin(string name) => _name = name;

    public void At(DateTime now) => _now = now;

    public void Replaying(bool replaying) => _replaying = replaying;

    public override bool IsPatched(string patchName)
    {
        if (!_patches.TryGetValue(patchName, out var applied))
            _patches[patchName] = applied = !IsReplaying || RecordedPatches.Contains(patchName);
        return applied;
    }

    public override Task<T> CallActivityAsync<T>(string name, object? input = null, WorkflowTaskOptions? options = null)
    {
        var json = Payload.Write(input);
        var key = UniqueId("task", Tasks.NextId).ToString();
        return Attempt<T>(
            options?.RetryPolicy,
            () => Tasks.Ask(new() { ScheduleTask = new() { Name = name, Input = json, TaskExecutionId = key } }),
            timer => timer.ActivityRetry = new() { TaskExecutionId = key });
    }

    public override Task<TResult> CallChildWorkflowAsync<TResult>(string workflowName, object? input = null, ChildWorkflowTaskOptions? options = null)
    {
        var json = Payload.Write(input);
        var child = options?.InstanceId ?? NewGuid().ToString();
        return Attempt<TResult>(
            options?.RetryPolicy,
            () => Tasks.Ask(new() { CreateChildWorkflow = new() { InstanceId = child, Name = workflowName, Input = json } }),
            timer => timer.ChildWorkflowRetry = new() { InstanceId = child });
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) =>
        StartTimer(fireAt, timer => timer.CreateTimer = new(), cancellationToken);

    public override async Task<T> WaitForExternalEventAsync<T>(string eventName, CancellationToken cancellationToken = default) =>
        Payload.Read<T>(await Events.Read(eventName, cancellationToken).ConfigureAwait(false))!;

    public override async Task<T> WaitForExternalEventAsync<T>(string eventName, TimeSpan timeout)
    {
        if (Events.TryRead(eventName, out var payload))
            return Payload.Read<T>(payload)!;
        if (timeout <= TimeSpan.Zero)
            throw new TaskCanceledException($"No event {eventName} has come.");
        using var stopTimer = new CancellationTokenSource();
        using var stopWaiting = new CancellationTokenSource();
        var raised = Events.Read(eventName, stopWaiting.Token);
        // The origin lets the engine drop the timer when the event comes.
        var timer = StartTimer(_now + timeout, timer => timer.ExternalEvent = new() { Name = eventName }, stopTimer.Token);
        var late = await Task.WhenAny(raised, timer).ConfigureAwait(false) == timer;
        (late ? stopWaiting : stopTimer).Cancel();
        return late
            ? throw new TaskCanceledException($"No event {eventName} came within {timeout}.")
            : Payload.Read<T>(await raised.ConfigureAwait(false))!;
    }

    public override void SendEvent(string instanceId, string eventName, object payload) =>
        throw new NotSupportedException("daprd does not deliver events that a workflow sends; raise the event from an activity.");

    public override void SetCustomStatus(object? customStatus) => CustomStatus = Payload.Write(customStatus);

    public override ILogger CreateReplaySafeLogger(string categoryName) => new ReplaySafeLogger(loggers.CreateLogger(categoryName), this);

    public override ILogger CreateReplaySafeLogger(System.Type type) => new ReplaySafeLogger(loggers.CreateLogger(type), this);

    public override ILogger CreateReplaySafeLogger<T>() => new ReplaySafeLogger(loggers.CreateLogger<T>(), this);

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        Restart = new(Payload.Write(newInput), preserveUnprocessedEvents);

    public override Guid NewGuid() => UniqueId("guid", _guids++);

    async Task<T> Attempt<T>(WorkflowRetryPolicy? policy, Func<Task<string?>> call, Action<CreateTimerAction> origin)
    {
        var begun = _now;
        for (var attempts = 1; ; attempts++)
        {
            try
            {
                return Payload.Read<T>(await call().ConfigureAwait(false))!;
            }
            catch (WorkflowTaskFailedException) when (policy?.AllowsRetry(attempts, _now - begun) == true)
            {
            }
            await StartTimer(_now + policy.DelayAfter(attempts), origin).ConfigureAwait(false);
        }
    }

    Task<string?> StartTimer(DateTime fireAt, Action<CreateTimerAction> origin, CancellationToken cancellation = default)
    {
        var timer = new CreateTimerAction { FireAt = Timestamp.FromDateTime(fireAt.ToUniversalTime()) };
        origin(timer);
        return Tasks.Ask(new() { CreateTimer = timer }, cancellation);
    }

    /// <summary>
    /// The same at each replay, and unlike any other of this instance: the clock keeps apart the
    /// generations of a workflow that continues as new, where the counters begin again.
    /// </summary>
    Guid UniqueId(string kind, int number)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{instanceId}|{_now.Ticks}|{kind}|{number}"), hash);
        hash[6] = (byte)(0x50 | (hash[6] & 0x0F));
        hash[8] = (byte)(0x80 | (hash[8] & 0x3F));
        return new Guid(hash[..16], bigEndian: true);
    }
}

/// <summary>What the workflow asked for by ContinueAsNew.</summary>
sealed record Restart(string? Input, bool KeepEvents);
