using Dapr.DurableTask.Protobuf;
using Dapr.Workflow;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ecom.Tests.Workflow;

/// <summary>An application that runs the samples, beside one sidecar.</summary>
sealed class WorkflowApp : IAsyncDisposable
{
    readonly IHost host;

    WorkflowApp(IHost host) => this.host = host;

    public DaprWorkflowClient Client => host.Services.GetRequiredService<DaprWorkflowClient>();

    /// <summary>What the package itself speaks through.</summary>
    public TaskHubSidecarService.TaskHubSidecarServiceClient Wire => host.Services.GetRequiredService<TaskHubSidecarService.TaskHubSidecarServiceClient>();

    public static async Task<WorkflowApp> Start(int grpcPort, Stage stage)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("DAPR_GRPC_PORT", $"{grpcPort}")]);
        builder.Logging.AddProvider(new StageLogs(stage));
        builder.Services.AddSingleton(stage);
        builder.Services.AddScoped<CallScope>();
        builder.Services.AddDaprWorkflow(options =>
        {
            Samples.Register(options, stage);
            SagaVersions.Register(options, stage);
        });
        var app = new WorkflowApp(builder.Build());
        await app.host.StartAsync();
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        // At once, as a process that is killed: what runs is not waited for.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        try
        {
            await host.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
        }
        host.Dispose();
    }
}
