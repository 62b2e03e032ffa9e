namespace Dapr.Workflow;

/// <summary>What the worker needs of a workflow; derive from <see cref="Workflow{TInput, TOutput}"/>.</summary>
public interface IWorkflow
{
    Type InputType { get; }

    Type OutputType { get; }

    Task<object?> RunAsync(WorkflowContext context, object? input);
}

/// <summary>
/// A workflow: code that is run again from its start at every turn, so it must take time, ids and
/// every effect from its context.
/// </summary>
public abstract class Workflow<TInput, TOutput> : IWorkflow
{
    Type IWorkflow.InputType => typeof(TInput);

    Type IWorkflow.OutputType => typeof(TOutput);

    async Task<object?> IWorkflow.RunAsync(WorkflowContext context, object? input) => await RunAsync(context, (TInput)input!);

    public abstract Task<TOutput> RunAsync(WorkflowContext context, TInput input);
}
