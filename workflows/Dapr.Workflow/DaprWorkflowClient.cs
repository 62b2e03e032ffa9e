using Dapr.Workflow.Client;
using Dapr.Workflow.Worker;
using DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dapr.Workflow
{
    /// <summary>Starts, asks, signals and ends workflows, over the sidecar.</summary>
    public sealed class DaprWorkflowClient
    {
        readonly TaskHubSidecarService.TaskHubSidecarServiceClient _sidecar;

        internal DaprWorkflowClient(SidecarConnection connection)
        {
            _sidecar = connection.Client;
        }

        public Task<string> ScheduleNewWorkflowAsync(string name, string? instanceId = null, object? input = null) =>
            ScheduleNewWorkflowAsync(name, instanceId, input, null);

        /// <exception cref="RpcException">An instance of that id is active: the status's detail ends with "already exists".</exception>
        public async Task<string> ScheduleNewWorkflowAsync(
            string name, string? instanceId, object? input, DateTimeOffset? startTime, CancellationToken cancellation = default)
        {
            ArgumentException.ThrowIfNullOrEmpty(name);
            var request = new CreateInstanceRequest
            {
                InstanceId = string.IsNullOrEmpty(instanceId) ? Guid.NewGuid().ToString("N") : instanceId,
                Name = name,
                Input = Payload.Write(input),
                ScheduledStartTimestamp = startTime is { } time ? Timestamp.FromDateTimeOffset(time) : null,
                ParentTraceContext = Tracing.Current(),
            };
            return (await _sidecar.StartInstanceAsync(request, cancellationToken: cancellation)).InstanceId;
        }

        /// <returns>Null when no such instance exists.</returns>
        public async Task<WorkflowState?> GetWorkflowStateAsync(string instanceId, bool getInputsAndOutputs = true, CancellationToken cancellation = default)
        {
            try
            {
                var answer = await _sidecar.GetInstanceAsync(Get(instanceId, getInputsAndOutputs), cancellationToken: cancellation);
                return answer.Exists ? new WorkflowState(answer.WorkflowState) : null;
            }
            catch (RpcException error) when (error.Status.Detail.Contains("no such instance"))
            {
                return null;
            }
        }

        public async Task<WorkflowState> WaitForWorkflowStartAsync(string instanceId, bool getInputsAndOutputs = true, CancellationToken cancellation = default) =>
            Known(instanceId, await _sidecar.WaitForInstanceStartAsync(Get(instanceId, getInputsAndOutputs), cancellationToken: cancellation));

        /// <summary>daprd answers about one second late: not for a hot path.</summary>
        public async Task<WorkflowState> WaitForWorkflowCompletionAsync(string instanceId, bool getInputsAndOutputs = true, CancellationToken cancellation = default) =>
            Known(instanceId, await _sidecar.WaitForInstanceCompletionAsync(Get(instanceId, getInputsAndOutputs), cancellationToken: cancellation));

        /// <exception cref="RpcException">There is no such instance: the status's detail says "no such instance exists".</exception>
        public async Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
        {
            ArgumentException.ThrowIfNullOrEmpty(instanceId);
            ArgumentException.ThrowIfNullOrEmpty(eventName);
            var request = new RaiseEventRequest { InstanceId = instanceId, Name = eventName, Input = Payload.Write(eventPayload) };
            await _sidecar.RaiseEventAsync(request, cancellationToken: cancellation);
        }

        public async Task TerminateWorkflowAsync(string instanceId, object? output = null, CancellationToken cancellation = default)
        {
            ArgumentException.ThrowIfNullOrEmpty(instanceId);
            var request = new TerminateRequest { InstanceId = instanceId, Output = Payload.Write(output), Recursive = true };
            await _sidecar.TerminateInstanceAsync(request, cancellationToken: cancellation);
        }

        public async Task SuspendWorkflowAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
        {
            ArgumentException.ThrowIfNullOrEmpty(instanceId);
            await _sidecar.SuspendInstanceAsync(new() { InstanceId = instanceId, Reason = reason }, cancellationToken: cancellation);
        }

        public async Task ResumeWorkflowAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
        {
            ArgumentException.ThrowIfNullOrEmpty(instanceId);
            await _sidecar.ResumeInstanceAsync(new() { InstanceId = instanceId, Reason = reason }, cancellationToken: cancellation);
        }

        /// <returns>False when there is no such instance, or it is still active.</returns>
        public async Task<bool> PurgeInstanceAsync(string instanceId, CancellationToken cancellation = default)
        {
            ArgumentException.ThrowIfNullOrEmpty(instanceId);
            try
            {
                var answer = await _sidecar.PurgeInstancesAsync(new() { InstanceId = instanceId, Recursive = true }, cancellationToken: cancellation);
                return answer.DeletedInstanceCount > 0;
            }
            // daprd answers every refusal with the code Unknown: only the text tells them apart.
            catch (RpcException error) when (error.Status.Detail.Contains("no such instance") || error.Status.Detail.Contains("not yet completed"))
            {
                return false;
            }
        }

        public async Task<WorkflowInstancePage> ListInstanceIdsAsync(string? continuationToken = null, int? pageSize = null, CancellationToken cancellation = default)
        {
            var request = new ListInstanceIDsRequest();
            if (continuationToken is not null)
                request.ContinuationToken = continuationToken;
            if (pageSize is { } size)
                request.PageSize = (uint)size;
            var page = await _sidecar.ListInstanceIDsAsync(request, cancellationToken: cancellation);
            return new(page.InstanceIds, page.HasContinuationToken ? page.ContinuationToken : null);
        }

        static GetInstanceRequest Get(string instanceId, bool inputsAndOutputs)
        {
            ArgumentException.ThrowIfNullOrEmpty(instanceId);
            return new() { InstanceId = instanceId, GetInputsAndOutputs = inputsAndOutputs };
        }

        static WorkflowState Known(string instanceId, GetInstanceResponse answer) => answer.Exists
            ? new WorkflowState(answer.WorkflowState)
            : throw new InvalidOperationException($"There is no workflow instance {instanceId}.");
    }
}

namespace Dapr.Workflow.Client
{
    public sealed record WorkflowInstancePage(IReadOnlyList<string> InstanceIds, string? ContinuationToken);
}
