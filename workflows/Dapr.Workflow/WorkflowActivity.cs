using Dapr.Workflow.Abstractions;

namespace Dapr.Workflow
{
    /// <summary>What the worker needs of an activity; derive from <see cref="WorkflowActivity{TInput, TOutput}"/>.</summary>
    public interface IWorkflowActivity
    {
        Type InputType { get; }

        Type OutputType { get; }

        Task<object?> RunAsync(WorkflowActivityContext context, object? input);
    }

    /// <summary>
    /// One step with effects. It may run more than once for one call (at least once), so it must be
    /// idempotent; <see cref="WorkflowActivityContext.TaskExecutionKey"/> is the key for that.
    /// </summary>
    public abstract class WorkflowActivity<TInput, TOutput> : IWorkflowActivity
    {
        Type IWorkflowActivity.InputType => typeof(TInput);

        Type IWorkflowActivity.OutputType => typeof(TOutput);

        async Task<object?> IWorkflowActivity.RunAsync(WorkflowActivityContext context, object? input) =>
            await RunAsync(context, (TInput)input!);

        public abstract Task<TOutput> RunAsync(WorkflowActivityContext context, TInput input);
    }

    public abstract class WorkflowActivityContext
    {
        public abstract TaskIdentifier Identifier { get; }

        /// <summary>The same for each retry of one task.</summary>
        public abstract string TaskExecutionKey { get; }

        public abstract string InstanceId { get; }
    }
}

namespace Dapr.Workflow.Abstractions
{
    public readonly record struct TaskIdentifier(string Name)
    {
        public static implicit operator TaskIdentifier(string name) => new(name);

        public static implicit operator string(TaskIdentifier identifier) => identifier.Name;

        public override string ToString() => Name;
    }
}
