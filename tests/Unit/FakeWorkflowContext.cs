using Dapr.Workflow;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ecom.Tests.Unit;

/// <summary>Stands in for the engine: facts come in the given order and then no more, steps answer what the test says and are written down.</summary>
sealed class FakeWorkflowContext(IEnumerable<object> facts, Func<string, object?, object> step) : WorkflowContext
{
    readonly Queue<object> facts = new(facts);

    public List<(string Name, object? Input)> Steps { get; } = [];
    public List<string?> Statuses { get; } = [];
    public int Timers { get; private set; }

    public override string Name => "OrderSaga";
    public override string InstanceId => "ORD-1";
    public override DateTime CurrentUtcDateTime { get; } = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
    public override bool IsReplaying => false;
    public override bool IsPatched(string patchName) => true;

    public override Task<T> CallActivityAsync<T>(string name, object? input = null, WorkflowTaskOptions? options = null)
    {
        Steps.Add((name, input));
        options.ShouldNotBeNull().RetryPolicy.ShouldNotBeNull();
        return Task.FromResult((T)step(name, input));
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        Timers++;
        return new TaskCompletionSource().Task;
    }

    public override Task<T> WaitForExternalEventAsync<T>(string eventName, CancellationToken cancellationToken = default) =>
        facts.TryDequeue(out var fact) ? Task.FromResult((T)fact) : new TaskCompletionSource<T>().Task;

    public override void SetCustomStatus(object? customStatus) => Statuses.Add(customStatus?.ToString());
    public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();
    public override Task<T> CallChildWorkflowAsync<T>(string workflowName, object? input = null, ChildWorkflowTaskOptions? options = null) => throw new NotSupportedException();
    public override ILogger CreateReplaySafeLogger(string categoryName) => NullLogger.Instance;
    public override ILogger CreateReplaySafeLogger(Type type) => NullLogger.Instance;
    public override ILogger CreateReplaySafeLogger<T>() => NullLogger.Instance;
    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw new NotSupportedException();
    public override PropagatedHistory? GetPropagatedHistory() => null;
    public override Guid NewGuid() => Guid.Empty;
}
