using Dapr.Workflow.Abstractions;
using DurableTask.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dapr.Workflow.Worker;

/// <summary>Runs activities, each call in a scope of its own. A failure is an answer, never an exception.</summary>
sealed class ActivityCalls(WorkflowRuntimeOptions options, IServiceScopeFactory scopes, ILogger<ActivityCalls> log)
{
    public async Task<ActivityResponse> Run(ActivityRequest request)
    {
        var instanceId = request.WorkflowInstance.InstanceId;
        var response = new ActivityResponse { InstanceId = instanceId, TaskId = request.TaskId };
        using var span = Tracing.Start("activity", request.Name, instanceId, request.ParentTraceContext);
        span?.SetTag("workflow.task_id", request.TaskId);
        try
        {
            if (!options.Activities.TryGetValue(request.Name, out var create))
                throw new InvalidOperationException($"No activity {request.Name} is registered in this worker.");
            await using var scope = scopes.CreateAsyncScope();
            var activity = create(scope.ServiceProvider);
            var result = await activity.RunAsync(new Context(request), Payload.Read(request.Input, activity.InputType));
            response.Result = Payload.Write(result);
        }
        // Whatever it is, the workflow decides what a failed step means.
        catch (Exception error)
        {
            log.LogWarning(error, "Activity {Activity} of workflow {InstanceId} failed", request.Name, instanceId);
            span?.Fail(error);
            response.FailureDetails = error.ToWire();
        }
        return response;
    }

    sealed class Context(ActivityRequest request) : WorkflowActivityContext
    {
        public override TaskIdentifier Identifier => request.Name;

        public override string TaskExecutionKey => request.TaskExecutionId;

        public override string InstanceId => request.WorkflowInstance.InstanceId;
    }
}
