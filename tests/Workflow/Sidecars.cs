using Ecom.Sidecar.Workflows;
using Ecom.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

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

/// <summary>The embedded engine on a port of its own. It can crash: what it has not written is lost, and the file is all that stays.</summary>
public sealed class EmbeddedFixture : SidecarFixture
{
    readonly List<TempFolder> folders = [];
    readonly int port = Ports.Free();
    WorkflowEngine? engine;
    WebApplication? host;

    protected override int GrpcPort => port;

    /// <summary>Opens a copy of the folder as it is on disk now, in the place of the engine that wrote it.</summary>
    public async Task CrashAndReopen()
    {
        var before = folders[^1];
        var after = new TempFolder("workflow-engine");
        foreach (var file in Directory.GetFiles(before.Path))
            File.Copy(file, after.File(Path.GetFileName(file)));
        await StopHost();
        await Listen(after);
    }

    protected override async ValueTask<bool> StartSidecar()
    {
        await Listen(new TempFolder("workflow-engine"));
        return true;
    }

    protected override async ValueTask StopSidecar()
    {
        await StopHost();
        folders.ForEach(folder => folder.Dispose());
    }

    async Task Listen(TempFolder folder)
    {
        folders.Add(folder);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http2));
        engine = new WorkflowEngine(folder.Path, "workflow-tests", NullLogger.Instance);
        builder.Services.AddSingleton(engine);
        builder.Services.AddRouting();
        builder.Services.AddGrpc();
        host = builder.Build();
        host.UseRouting();
        host.MapTaskHub();
        await host.StartAsync();
    }

    async Task StopHost()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await host!.StopAsync(now.Token);
        await host.DisposeAsync();
        await engine!.DisposeAsync();
    }
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
