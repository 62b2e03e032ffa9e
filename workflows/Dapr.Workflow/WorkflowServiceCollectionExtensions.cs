using Dapr.Workflow.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dapr.Workflow;

public static class WorkflowServiceCollectionExtensions
{
    /// <summary>Adds <see cref="DaprWorkflowClient"/> and the worker, which connects to the sidecar when the host starts.</summary>
    public static IServiceCollection AddDaprWorkflow(
        this IServiceCollection serviceCollection,
        Action<WorkflowRuntimeOptions> configure,
        ServiceLifetime lifetime = ServiceLifetime.Singleton)
    {
        serviceCollection.TryAddSingleton(_ =>
        {
            var options = new WorkflowRuntimeOptions();
            configure(options);
            return options;
        });
        serviceCollection.TryAddSingleton<SidecarConnection>();
        serviceCollection.TryAddSingleton<WorkflowTurns>();
        serviceCollection.TryAddSingleton<ActivityCalls>();
        serviceCollection.TryAdd(new ServiceDescriptor(
            typeof(DaprWorkflowClient), services => new DaprWorkflowClient(services.GetRequiredService<SidecarConnection>()), lifetime));
        serviceCollection.AddHostedService<WorkflowWorker>();
        return serviceCollection;
    }
}
