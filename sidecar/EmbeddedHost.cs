using Ecom.Sidecar.Config;
using Ecom.Sidecar.Mail;
using Ecom.Sidecar.Processes;
using Ecom.Sidecar.PubSub;
using Ecom.Sidecar.State;
using Ecom.Sidecar.Workflows;
using Microsoft.AspNetCore.Builder;

namespace Ecom.Sidecar;

/// <summary>
/// Dapr's sidecars for every app of a run file in one process, the apps as child processes
/// beside it, and everything that must not be lost in SQLite files under one folder.
/// </summary>
public sealed class EmbeddedHost : IAsyncDisposable
{
    static readonly TimeSpan Housekeeping = TimeSpan.FromMinutes(1);

    readonly DataFolder data;
    readonly World world;
    readonly WebApplication web;
    readonly List<AppProcess> processes = [];
    readonly CancellationTokenSource stop = new();
    readonly Task housekeeping;

    EmbeddedHost(DataFolder data, World world, WebApplication web, int mailPort)
    {
        (this.data, this.world, this.web, MailPort) = (data, world, web, mailPort);
        housekeeping = Task.Run(KeepHouse);
    }

    public IReadOnlyList<AppSpec> Apps { get; private set; } = [];
    public int MailPort { get; }
    /// <summary>The processes this host started and that live now.</summary>
    public IReadOnlyList<int> ProcessIds => [.. processes.Select(p => p.ProcessId).OfType<int>()];

    public AppSpec App(string appId) => Apps.First(a => a.AppId == appId);

    /// <summary>Starts everything; returns when the sidecars serve (the apps may still be starting). Throws SetupException before anything has begun.</summary>
    public static async Task<EmbeddedHost> Start(EmbeddedHostOptions options, CancellationToken cancel = default)
    {
        var run = options.Run ?? RunFile.Load(options.RunFile);
        var resources = Resources.Load(options.ResourcesPath);
        var (apps, mailPort) = options.FreePorts ? Ports.Free(run.Apps) : (run.Apps, options.MailPort);
        Ports.Check(apps, mailPort);
        if (options.StartApps) foreach (var app in apps) AppProcess.CheckCommand(app);
        var workflowApp = WorkflowApp(apps, resources);
        var data = DataFolder.Lock(options.DataFolder);
        try
        {
            var world = new World(resources, new Broker(data.File("broker.db"), options.Output), new StateStore(data.File("state.db")), new MailBox(data.File("mail")),
                Present(options.ApiToken), Present(options.AppToken), options.Output);
            world.Sidecars.AddRange(apps.Select(a => new AppSidecar(a, world)
            {
                Workflows = a.AppId == workflowApp ? new WorkflowEngine(data.FullPath, a.AppId, new OutputLog(a.AppId, options.Output)) : null,
            }));
            var web = Api.Server.Build(world, mailPort);
            try { await web.StartAsync(cancel); }
            catch (IOException e) { throw new SetupException(e.Message, e); }
            var host = new EmbeddedHost(data, world, web, mailPort) { Apps = apps };
            foreach (var sidecar in world.Sidecars) host.Begin(sidecar, options);
            return host;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>The one app whose state store is said to keep workflows.</summary>
    static string? WorkflowApp(IReadOnlyList<AppSpec> apps, Resources resources)
    {
        var stores = resources.Components.Where(c => c.Metadata.GetValueOrDefault("actorStateStore") == "true").ToList();
        var able = apps.Where(a => stores.Any(s => s.Serves(a.AppId))).Select(a => a.AppId).ToList();
        return able.Count <= 1 ? able.FirstOrDefault()
            : throw new SetupException($"the state store '{stores[0].Name}' (actorStateStore) is open to {string.Join(", ", able)}; in this host workflows are one app's: name it in 'scopes'");
    }

    static string? Present(string? token) => string.IsNullOrEmpty(token) ? null : token;

    void Begin(AppSidecar sidecar, EmbeddedHostOptions options)
    {
        AppProcess? process = null;
        if (options.StartApps && sidecar.Spec.Command.Count > 0)
        {
            process = new AppProcess(sidecar.Spec, options, data, sidecar.Channel.Lost);
            processes.Add(process);
            process.Start();
        }
        sidecar.RequestShutdown = () => Task.Run(async () =>
        {
            sidecar.IsStopped = true;
            if (process is not null) await process.DisposeAsync();
            await sidecar.DisposeAsync();
        });
        sidecar.Start();
    }

    /// <summary>Every app answers and gets its events.</summary>
    public async Task WaitUntilReady(CancellationToken cancel = default)
    {
        foreach (var sidecar in world.Sidecars) await sidecar.Channel.WhenReady(cancel);
    }

    public bool IsReady(string appId) => world.Sidecars.Find(s => s.AppId == appId)?.Channel.IsReady ?? false;

    /// <summary>Ends an app's process the hard way; it is started again as after any crash.</summary>
    public void KillApp(string appId) => processes.Find(p => p.AppId == appId)?.Kill();

    async Task KeepHouse()
    {
        using var timer = new PeriodicTimer(Housekeeping);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token)) await TidyUp();
        }
        catch (OperationCanceledException) { /* stopping */ }
    }

    async Task TidyUp()
    {
        try
        {
            await world.State.RemoveExpired();
            foreach (var pubsub in world.Resources.Components.Where(c => c.Type == Resources.PubSub))
                await world.Broker.Purge(pubsub.Name, Durations.TryParse(pubsub.Metadata.GetValueOrDefault("retention") ?? "", out var age) ? age : TimeSpan.FromHours(24));
        }
        catch (Microsoft.Data.Sqlite.SqliteException) { /* a full disk, say: tried again in a minute */ }
    }

    /// <summary>Apps first, while their sidecars still answer; then the sidecars; then the files.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(processes.Select(p => p.DisposeAsync().AsTask()));
        await Task.WhenAll(world.Sidecars.Select(s => s.DisposeAsync().AsTask()));
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2))) await web.StopAsync(limit.Token);
        await web.DisposeAsync();
        await housekeeping;
        foreach (var sidecar in world.Sidecars)
            if (sidecar.Workflows is { } workflows) await workflows.DisposeAsync();
        await world.Broker.DisposeAsync();
        await world.State.DisposeAsync();
        data.Dispose();
        stop.Dispose();
    }
}
