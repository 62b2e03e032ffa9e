namespace Dapr.Workflow;

public record WorkflowTaskOptions(WorkflowRetryPolicy? RetryPolicy = null);

public record ChildWorkflowTaskOptions(string? InstanceId = null, WorkflowRetryPolicy? RetryPolicy = null)
    : WorkflowTaskOptions(RetryPolicy);

public class WorkflowRetryPolicy
{
    public WorkflowRetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1.0,
        TimeSpan? maxRetryInterval = null,
        TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffCoefficient, 1.0);
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval;
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    public int MaxNumberOfAttempts { get; }

    public TimeSpan FirstRetryInterval { get; }

    public double BackoffCoefficient { get; }

    public TimeSpan? MaxRetryInterval { get; }

    public TimeSpan RetryTimeout { get; }

    internal bool AllowsRetry(int attempts, TimeSpan elapsed) =>
        attempts < MaxNumberOfAttempts && (RetryTimeout == Timeout.InfiniteTimeSpan || elapsed < RetryTimeout);

    internal TimeSpan DelayAfter(int attempts)
    {
        var longest = MaxRetryInterval is { } max && max > TimeSpan.Zero ? max : TimeSpan.FromHours(1);
        var seconds = FirstRetryInterval.TotalSeconds * Math.Pow(BackoffCoefficient, attempts - 1);
        return seconds < longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : longest;
    }
}
