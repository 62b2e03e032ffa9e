using Dapr.Workflow.Worker;

namespace Dapr.Workflow;

public enum WorkflowRuntimeStatus
{
    Unknown = -1,
    Running = 0,
    Completed = 1,
    ContinuedAsNew = 2,
    Failed = 3,
    Canceled = 4,
    Terminated = 5,
    Pending = 6,
    Suspended = 7,
    Stalled = 8,
}

/// <summary>A snapshot of one workflow instance.</summary>
public class WorkflowState
{
    readonly DurableTask.Protobuf.WorkflowState? _state;

    internal WorkflowState(DurableTask.Protobuf.WorkflowState? state)
    {
        _state = state;
    }

    public bool Exists => _state is not null;

    public string WorkflowName => _state?.Name ?? "";

    public bool IsWorkflowRunning => RuntimeStatus == WorkflowRuntimeStatus.Running;

    public bool IsWorkflowCompleted => RuntimeStatus is
        WorkflowRuntimeStatus.Completed or WorkflowRuntimeStatus.Failed or WorkflowRuntimeStatus.Terminated or WorkflowRuntimeStatus.Canceled;

    public DateTimeOffset CreatedAt => _state?.CreatedTimestamp?.ToDateTimeOffset() ?? default;

    public DateTimeOffset LastUpdatedAt => _state?.LastUpdatedTimestamp?.ToDateTimeOffset() ?? default;

    public WorkflowRuntimeStatus RuntimeStatus => _state is null ? WorkflowRuntimeStatus.Unknown : (WorkflowRuntimeStatus)_state.WorkflowStatus;

    public WorkflowTaskFailureDetails? FailureDetails => _state?.FailureDetails?.ToPublic();

    public T? ReadInputAs<T>() => Payload.Read<T>(_state?.Input);

    public T? ReadOutputAs<T>() => Payload.Read<T>(_state?.Output);

    public T? ReadCustomStatusAs<T>() => Payload.Read<T>(_state?.CustomStatus);
}
