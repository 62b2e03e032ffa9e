using DurableTask.Protobuf;
using Microsoft.Extensions.Logging;

namespace Dapr.Workflow.Worker;

/// <summary>Runs one turn of a workflow: its whole history in, its next actions out.</summary>
sealed class WorkflowTurns(WorkflowRuntimeOptions options, IServiceProvider services, ILoggerFactory loggers)
{
    readonly ILogger _log = loggers.CreateLogger<WorkflowTurns>();

    public WorkflowResponse Run(WorkflowRequest request)
    {
        var context = new ReplayContext(request.InstanceId, loggers);
        var replay = new Replay(context, Begin);
        var terminated = request.NewEvents.LastOrDefault(e => e.KindCase == HistoryEvent.KindOneofCase.ExecutionTerminated);
        var started = request.PastEvents.Concat(request.NewEvents).FirstOrDefault(e => e.ExecutionStarted is not null)?.ExecutionStarted;
        using var span = Tracing.Start("workflow", started?.Name ?? "", request.InstanceId, started?.ParentTraceContext);
        var response = new WorkflowResponse { InstanceId = request.InstanceId };
        try
        {
            replay.Run(request.PastEvents, terminated is null ? request.NewEvents : []);
            if (terminated is null && !replay.Suspended)
                AddActions(response, context, replay.Outcome());
        }
        catch (NonDeterministicWorkflowException error) when (terminated is null)
        {
            span?.Fail(error);
            _log.LogError("Workflow {InstanceId} ({Workflow}) fails: {Reason}", request.InstanceId, context.Name, error.Message);
            response.Actions.Clear();
            response.Actions.Add(Fail(context, error));
        }
        catch (NonDeterministicWorkflowException)
        {
            // It is being terminated: what its code has become does not matter any more.
        }
        if (terminated is not null)
        {
            response.Actions.Add(Complete(context, OrchestrationStatus.Terminated, terminated.ExecutionTerminated.Input));
        }
        response.CustomStatus = context.CustomStatus;
        if (context.AppliedPatches.Any())
            response.Version = new() { Patches = { context.AppliedPatches } };
        return response;
    }

    Task<object?> Begin(ReplayContext context, ExecutionStartedEvent started)
    {
        if (!options.Workflows.TryGetValue(started.Name, out var create))
            throw new InvalidOperationException($"No workflow {started.Name} is registered in this worker.");
        var workflow = create(services);
        return workflow.RunAsync(context, Payload.Read(started.Input, workflow.InputType));
    }

    void AddActions(WorkflowResponse response, ReplayContext context, Task<object?>? outcome)
    {
        response.Actions.AddRange(context.Tasks.Unconfirmed);
        if (outcome is null)
            return;
        if (outcome.IsCompletedSuccessfully && context.Restart is { } restart)
        {
            var next = Complete(context, OrchestrationStatus.ContinuedAsNew, restart.Input);
            if (restart.KeepEvents)
                next.CompleteWorkflow.CarryoverEvents.AddRange(context.Events.Unread);
            response.Actions.Add(next);
        }
        else if (outcome.IsCompletedSuccessfully)
        {
            response.Actions.Add(Complete(context, OrchestrationStatus.Completed, Payload.Write(outcome.Result)));
        }
        else
        {
            var error = outcome.Exception?.GetBaseException() ?? new TaskCanceledException(outcome);
            _log.LogError(error, "Workflow {InstanceId} ({Workflow}) failed", context.InstanceId, context.Name);
            response.Actions.Add(Fail(context, error));
        }
    }

    static WorkflowAction Fail(ReplayContext context, Exception error)
    {
        var action = Complete(context, OrchestrationStatus.Failed, null);
        action.CompleteWorkflow.FailureDetails = error.ToWire(nonRetriable: true);
        return action;
    }

    static WorkflowAction Complete(ReplayContext context, OrchestrationStatus status, string? result) => new()
    {
        Id = context.Tasks.NextId,
        CompleteWorkflow = new() { WorkflowStatus = status, Result = result },
    };
}
