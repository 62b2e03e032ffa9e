using Dapr.DurableTask.Protobuf;
using Ecom.Sidecar.Workflows;
using Ecom.Tests.Support;
using Grpc.Core;
using Grpc.Net.Client;
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

    /// <summary>Asked on the wire: the client tells the kinds of events, not what is in them.</summary>
    public async Task<IReadOnlyList<HistoryEvent>> HistoryOf(string id) => (await app!.Wire.GetInstanceHistoryAsync(new() { InstanceId = id })).Events;

    /// <param name="between">Runs while no app is connected.</param>
    public async Task RestartApp(Func<Task>? between = null)
    {
        await app!.DisposeAsync();
        if (between is not null)
            await between();
        app = await WorkflowApp.Start(GrpcPort, Stage);
    }

    /// <summary>A new app comes for a workflow that is stalled.</summary>
    public virtual Task RestartAppOfStalled() => RestartApp();

    /// <summary>For a while in the place of the app a worker by hand, which answers the first turn of a new workflow by these steps.</summary>
    /// <returns>The workflow's id.</returns>
    public async Task<string> AnswerByHand(params IEnumerable<WorkflowAction> steps)
    {
        var id = Guid.NewGuid().ToString("N");
        await RestartApp(async () =>
        {
            using var deadline = new CancellationTokenSource(Eventually.OnABusyMachine(TimeSpan.FromSeconds(30)));
            using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{GrpcPort}");
            var wire = new TaskHubSidecarService.TaskHubSidecarServiceClient(channel);
            using var work = wire.GetWorkItems(new(), cancellationToken: deadline.Token);
            await wire.StartInstanceAsync(new() { InstanceId = id, Name = "ByHand" });
            var turn = await work.ResponseStream.ReadAllAsync(deadline.Token).FirstAsync(item => item.WorkflowRequest?.InstanceId == id);
            await wire.CompleteWorkflowTaskAsync(new() { InstanceId = id, CompletionToken = turn.CompletionToken, Actions = { steps } });
        });
        return id;
    }

    /// <summary>False when this machine lacks the runtime: each test of it needs the same and is skipped.</summary>
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
        engine = new WorkflowEngine(folder.File("workflows.db"), "workflow-tests", NullLogger.Instance);
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

    /// <summary>
    /// daprd too: before 1.18.3 it is a race within daprd whether a stalled workflow wakes for the next worker or for the next
    /// daprd only ("Stalled workflows permanently stuck after the last workflow worker disconnects" in the notes of 1.18.3).
    /// </summary>
    public override Task RestartAppOfStalled() => RestartApp(async () =>
    {
        await daprd!.DisposeAsync();
        daprd = await StartDaprd();
    });

    protected override async ValueTask<bool> StartSidecar()
    {
        if (!Runtimes.Has(Runtime.Dapr))
            return false;
        resources.Write("store.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: store}
            spec:
              type: state.sqlite
              version: v1
              metadata:
              - {name: connectionString, value: "{{resources.File("store.db")}}"}
              - {name: actorStateStore, value: "true"}
            """);
        resources.Write("config/config.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: {name: config}
            spec:
              nameResolution: {component: sqlite, configuration: {connectionString: "names.db"}}
            """);
        plane = await DaprControlPlane.Start();
        daprd = await StartDaprd();
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

    Task<Daprd> StartDaprd() => Daprd.Start("workflow-tests", resources.Path, resources.File("config/config.yaml"), plane: plane);
}
