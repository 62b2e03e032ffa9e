using Ecom.Tests.Support;

namespace Ecom.Tests.Workflow;

/// <summary>A workflow engine with one application beside it, for all tests of a class.</summary>
public abstract class SidecarFixture : IAsyncLifetime
{
    WorkflowApp? app;

    public Stage Stage { get; } = new();

    public Dapr.Workflow.DaprWorkflowClient Client => app!.Client;

    protected abstract int GrpcPort { get; }

    public async ValueTask InitializeAsync()
    {
        if (await StartSidecar())
            app = await WorkflowApp.Start(GrpcPort, Stage);
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
            await app.DisposeAsync();
        await StopSidecar();
        GC.SuppressFinalize(this);
    }

    public async Task RestartApp()
    {
        await app!.DisposeAsync();
        app = await WorkflowApp.Start(GrpcPort, Stage);
    }

    /// <summary>False when this machine lacks the runtime: each test then says so and is skipped.</summary>
    protected abstract ValueTask<bool> StartSidecar();

    protected abstract ValueTask StopSidecar();
}

public sealed class DaprdFixture : SidecarFixture
{
    readonly TempFolder resources = new("workflow");
    DaprControlPlane? plane;
    Daprd? daprd;

    protected override int GrpcPort => daprd!.GrpcPort;

    protected override async ValueTask<bool> StartSidecar()
    {
        if (Environment.GetEnvironmentVariable("DAPR_RUNTIME_PATH") is null or "")
            return false;
        resources.Write("store.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: store}
            spec:
              type: state.in-memory
              version: v1
              metadata:
              - {name: actorStateStore, value: "true"}
            """);
        var configuration = resources.Write("config/config.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: {name: config}
            spec:
              nameResolution: {component: sqlite, configuration: {connectionString: "names.db"}}
            """);
        plane = await DaprControlPlane.Start();
        daprd = await Daprd.Start("workflow-tests", resources.Path, configuration, plane: plane);
        return true;
    }

    protected override async ValueTask StopSidecar()
    {
        if (daprd is not null)
            await daprd.DisposeAsync();
        if (plane is not null)
            await plane.DisposeAsync();
        resources.Dispose();
    }
}
