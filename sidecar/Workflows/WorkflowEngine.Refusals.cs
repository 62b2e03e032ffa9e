using DurableTask.Protobuf;
using Step = DurableTask.Protobuf.WorkflowAction.ActionOneofCase;

namespace Ecom.Sidecar.Workflows;

// What the engine does not do. It says so: a workflow that asks for it fails, and none of that turn's steps is taken.
public sealed partial class WorkflowEngine
{
    string? Refusal(List<WorkflowAction> steps)
    {
        HashSet<string> begun = [];
        foreach (var step in steps)
        {
            if (Target(step) is { Length: > 0 } app && app != _appId)
                return $"step {step.Id} is for the app '{app}': the embedded Dapr runs a workflow and all its steps in one app, '{_appId}'";
            if (Propagates(step))
                return $"step {step.Id} hands on its history: the embedded Dapr does not";
            if (Refusal(step, begun) is { } why)
                return $"step {step.Id}: {why}";
        }
        return null;
    }

    /// <param name="begun">The workflows that this turn starts.</param>
    string? Refusal(WorkflowAction step, HashSet<string> begun)
    {
        switch (step.ActionCase)
        {
            case Step.ScheduleTask or Step.CreateTimer:
                return null;
            case Step.CreateChildWorkflow:
                begun.Add(step.CreateChildWorkflow.InstanceId);
                return null;
            case Step.CreateDetachedWorkflow:
                var id = step.CreateDetachedWorkflow.InstanceId;
                return begun.Add(id) && !IsActive(id) ? null : AlreadyActive(id);
            case Step.SendEvent:
                var target = step.SendEvent.Instance.InstanceId;
                return begun.Contains(target) || IsKnown(target) ? null : $"an event for '{target}': {NoSuchInstance}";
            default:
                return $"the embedded Dapr does not know what to do with '{step.ActionCase}'";
        }
    }

    static string? Target(WorkflowAction step) =>
        (step.Router ?? step.ScheduleTask?.Router ?? step.CreateChildWorkflow?.Router ?? step.CreateDetachedWorkflow?.Router)?.TargetAppID;

    static bool Propagates(WorkflowAction step) => HistoryPropagationScope.None !=
        (step.ScheduleTask?.HistoryPropagationScope ?? step.CreateChildWorkflow?.HistoryPropagationScope ?? HistoryPropagationScope.None);

    static CompleteWorkflowAction Failed(string why) => new()
    {
        WorkflowStatus = OrchestrationStatus.Failed,
        FailureDetails = new() { ErrorType = nameof(NotSupportedException), ErrorMessage = why, IsNonRetriable = true },
    };

    static string AlreadyActive(string id) => $"an active workflow with ID '{id}' already exists";

    /// <summary>
    /// Why a worker's code is not the one that began the workflow, in daprd's words. Such a workflow stalls
    /// until another worker comes, which may have the right code.
    /// </summary>
    static string? Misfit(WorkflowInstance instance, WorkflowResponse response)
    {
        if (response.Actions.Any(action => action.WorkflowVersionNotAvailable is not null))
            return "Version not available.";
        var now = response.Version?.Patches ?? [];
        return instance.Patches.SequenceEqual(now.Take(instance.Patches.Count))
            ? null
            : $"Patch mismatch. History patches: [{string.Join(", ", instance.Patches)}], current patches: [{string.Join(", ", now)}].";
    }
}
