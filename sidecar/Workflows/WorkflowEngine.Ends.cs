using DurableTask.Protobuf;

namespace Ecom.Sidecar.Workflows;

// How instances end other than by their own code, and how they are forgotten.
public sealed partial class WorkflowEngine
{
    internal Task Terminate(string id, string? output, bool recursive)
    {
        lock (_gate)
        {
            if (!_instances.TryGetValue(id, out var instance) || instance.LastState is not null)
                return KnownAndEnded(id);
            List<Change> changes = [];
            List<WorkflowInstance> ended = [];
            Terminate(instance, output, recursive, changes, ended);
            changes.AddRange(TellParent(instance, new() { WorkflowStatus = OrchestrationStatus.Terminated }));
            return Finish(changes, ended);
        }
    }

    /// <summary>Forgets an ended instance, and with it the children that it had. How many went.</summary>
    internal async Task<int> Purge(string id, bool recursive)
    {
        List<Change> forgotten = [];
        Task commit;
        lock (_gate)
        {
            Forget(id, recursive, forgotten);
            if (forgotten.Count == 0)
                throw new WorkflowRefusedException(NoSuchInstance);
            commit = _store.Write(forgotten);
        }
        await commit;
        return forgotten.Count;
    }

    void Forget(string id, bool recursive, List<Change> forgotten)
    {
        if (IsActive(id))
            throw new WorkflowRefusedException("orchestration has not yet completed");
        (long Key, IReadOnlyList<HistoryEvent> Events)? ended = _instances.TryGetValue(id, out var instance) ? (instance.Key, instance.History) : _store.ReadHistory(id);
        if (ended is not { } known || forgotten.Contains(new Change.Forget(known.Key)))
            return;
        forgotten.Add(new Change.Forget(known.Key));
        foreach (var child in recursive ? known.Events.Select(e => e.ChildWorkflowInstanceCreated).OfType<ChildWorkflowInstanceCreatedEvent>() : [])
            Forget(child.InstanceId, recursive, forgotten);
    }

    void Terminate(WorkflowInstance instance, string? output, bool recursive, List<Change> changes, List<WorkflowInstance> ended)
    {
        foreach (var child in recursive ? instance.OpenChildren.Values : Enumerable.Empty<string>())
        {
            if (_instances.TryGetValue(child, out var found) && found.LastState is null)
                Terminate(found, output, recursive, changes, ended);
        }
        changes.Add(instance.End(OrchestrationStatus.Terminated, output, null));
        ended.Add(instance);
    }

    async Task Finish(IReadOnlyList<Change> changes, IReadOnlyList<WorkflowInstance> ended)
    {
        await _store.Write(changes);
        lock (_gate)
        {
            foreach (var instance in ended)
            {
                if (_instances.TryGetValue(instance.Id, out var current) && current == instance)
                    _instances.Remove(instance.Id);
                instance.HasStarted.TrySetResult();
                instance.HasEnded.TrySetResult();
            }
        }
    }
}
