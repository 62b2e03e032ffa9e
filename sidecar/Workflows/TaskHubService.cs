using DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Ecom.Sidecar.Workflows;

public static class TaskHub
{
    /// <summary>Serves the container's <see cref="WorkflowEngine"/> to the app's workers and clients.</summary>
    public static GrpcServiceEndpointConventionBuilder MapTaskHub(this IEndpointRouteBuilder routes) =>
        routes.MapGrpcService<TaskHubService>();
}

/// <summary>daprd's workflow service on the wire. Refusals carry daprd's words and its code, which is always Unknown.</summary>
sealed class TaskHubService(WorkflowEngine engine) : TaskHubSidecarService.TaskHubSidecarServiceBase
{
    const int DefaultPage = 100;

    public override Task<Empty> Hello(Empty request, ServerCallContext context) => Task.FromResult(new Empty());

    public override async Task GetWorkItems(GetWorkItemsRequest request, IServerStreamWriter<WorkItem> responseStream, ServerCallContext context)
    {
        try
        {
            await engine.Serve((item, more) =>
            {
                // One flush for what is ready together.
                responseStream.WriteOptions = more ? Buffered : null;
                return responseStream.WriteAsync(item);
            }, context.CancellationToken);
        }
        catch (Exception error) when (context.CancellationToken.IsCancellationRequested && error is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The worker went away: the engine has taken its work back.
        }
    }

    public override async Task<CompleteTaskResponse> CompleteActivityTask(ActivityResponse request, ServerCallContext context)
    {
        await engine.CompleteActivity(request);
        return new();
    }

    public override Task<CompleteTaskResponse> CompleteOrchestratorTask(WorkflowResponse request, ServerCallContext context) =>
        CompleteWorkflowTask(request, context);

    public override async Task<CompleteTaskResponse> CompleteWorkflowTask(WorkflowResponse request, ServerCallContext context)
    {
        await engine.CompleteTurn(request);
        return new();
    }

    public override Task<CreateInstanceResponse> StartInstance(CreateInstanceRequest request, ServerCallContext context) =>
        Refusable("failed to create workflow instance: ", async () => new CreateInstanceResponse { InstanceId = await engine.Start(request) });

    public override Task<GetInstanceResponse> GetInstance(GetInstanceRequest request, ServerCallContext context) =>
        Task.FromResult(Answer(request, engine.Get(request.InstanceId)));

    public override Task<GetInstanceResponse> WaitForInstanceStart(GetInstanceRequest request, ServerCallContext context) =>
        Refusable("", async () => Answer(request, await engine.WaitForStart(request.InstanceId, context.CancellationToken)));

    public override Task<GetInstanceResponse> WaitForInstanceCompletion(GetInstanceRequest request, ServerCallContext context) =>
        Refusable("", async () => Answer(request, await engine.WaitForEnd(request.InstanceId, context.CancellationToken)));

    public override Task<RaiseEventResponse> RaiseEvent(RaiseEventRequest request, ServerCallContext context) =>
        Refusable("failed to raise event: ", async () =>
        {
            await engine.RaiseEvent(request.InstanceId, request.Name, request.Input);
            return new RaiseEventResponse();
        });

    public override Task<TerminateResponse> TerminateInstance(TerminateRequest request, ServerCallContext context) =>
        Refusable("failed to submit termination request: ", async () =>
        {
            await engine.Terminate(request.InstanceId, request.Output, request.Recursive);
            return new TerminateResponse();
        });

    public override Task<SuspendResponse> SuspendInstance(SuspendRequest request, ServerCallContext context) =>
        Refusable("", async () =>
        {
            await engine.Suspend(request.InstanceId, request.Reason);
            return new SuspendResponse();
        });

    public override Task<ResumeResponse> ResumeInstance(ResumeRequest request, ServerCallContext context) =>
        Refusable("", async () =>
        {
            await engine.Resume(request.InstanceId, request.Reason);
            return new ResumeResponse();
        });

    public override Task<PurgeInstancesResponse> PurgeInstances(PurgeInstancesRequest request, ServerCallContext context) =>
        Refusable("failed to purge workflow state: ", async () =>
        {
            if (request.PurgeInstanceFilter is not null)
                throw new WorkflowRefusedException("purging by a filter is not supported");
            return new PurgeInstancesResponse { DeletedInstanceCount = await engine.Purge(request.InstanceId, request.Recursive), IsComplete = true };
        });

    public override Task<ListInstanceIDsResponse> ListInstanceIDs(ListInstanceIDsRequest request, ServerCallContext context)
    {
        var (ids, next) = engine.List(request.ContinuationToken, request.PageSize == 0 ? DefaultPage : (int)Math.Min(request.PageSize, 1_000));
        var response = new ListInstanceIDsResponse { InstanceIds = { ids } };
        if (next is not null)
            response.ContinuationToken = next;
        return Task.FromResult(response);
    }

    public override Task<GetInstanceHistoryResponse> GetInstanceHistory(GetInstanceHistoryRequest request, ServerCallContext context) =>
        Refusable("failed to get workflow history: ", () =>
        {
            var events = engine.History(request.InstanceId) ?? throw new WorkflowRefusedException("no such instance exists");
            return Task.FromResult(new GetInstanceHistoryResponse { Events = { events } });
        });

    static readonly WriteOptions Buffered = new(WriteFlags.BufferHint);

    static GetInstanceResponse Answer(GetInstanceRequest request, WorkflowState? state)
    {
        if (state is not null && !request.GetInputsAndOutputs)
            state.Input = state.Output = state.CustomStatus = null;
        return new() { Exists = state is not null, WorkflowState = state };
    }

    static async Task<T> Refusable<T>(string prefix, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (WorkflowRefusedException refusal)
        {
            throw new RpcException(new Status(StatusCode.Unknown, prefix + refusal.Message));
        }
    }
}
