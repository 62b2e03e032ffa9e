using Dapr.Workflow.Worker;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Dapr.Workflow;

/// <summary>The workflows and activities that this process runs, by name.</summary>
public sealed class WorkflowRuntimeOptions
{
    internal Dictionary<string, Func<IServiceProvider, IWorkflow>> Workflows { get; } = [];

    internal Dictionary<string, Func<IServiceProvider, IWorkflowActivity>> Activities { get; } = [];

    internal GrpcChannelOptions? ChannelOptions { get; private set; }

    public void RegisterWorkflow<TWorkflow>(string? name = null) where TWorkflow : class, IWorkflow =>
        Workflows[name ?? typeof(TWorkflow).Name] = Create<TWorkflow>;

    public void RegisterWorkflow<TInput, TOutput>(string name, Func<WorkflowContext, TInput, Task<TOutput>> implementation) =>
        Workflows[name] = _ => new DelegateWorkflow<TInput, TOutput>(implementation);

    public void RegisterActivity<TActivity>(string? name = null) where TActivity : class, IWorkflowActivity =>
        Activities[name ?? typeof(TActivity).Name] = Create<TActivity>;

    public void RegisterActivity<TInput, TOutput>(string name, Func<WorkflowActivityContext, TInput, Task<TOutput>> implementation) =>
        Activities[name] = _ => new DelegateActivity<TInput, TOutput>(implementation);

    public void UseGrpcChannelOptions(GrpcChannelOptions grpcChannelOptions) => ChannelOptions = grpcChannelOptions;

    static T Create<T>(IServiceProvider services) where T : class => Factory<T>.Instance(services, null);

    static class Factory<T>
    {
        public static readonly ObjectFactory<T> Instance = ActivatorUtilities.CreateFactory<T>([]);
    }
}
