using Ecom.Sidecar.Config;
using Ecom.Sidecar.Mail;
using Ecom.Sidecar.Processes;
using Ecom.Sidecar.PubSub;
using Ecom.Sidecar.State;
using Ecom.Sidecar.Storage;
using Ecom.Sidecar.Workflows;
using Microsoft.AspNetCore.Builder;

namespace Ecom.Sidecar;

/// <summary>
/// Dapr's sidecars for every app of a run file in one process, the apps beside them in the same process or
/// as its children, and everything that must not be lost in SQLite files under one folder.
/// </summary>
public sealed class EmbeddedHost : IAsyncDisposable
{
    static readonly TimeSpan Housekeeping = TimeSpan.FromMinutes(1);

    readonly DataFolder data;
    readonly World world;
    readonly WebApplication web;
    readonly List<AppRunner> runners = [];
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
    public IReadOnlyList<int> ProcessIds => [.. runners.Select(r => r.ProcessId).OfType<int>()];

    /// <summary>What its sidecars demand of their callers; another program of the same person finds it by <see cref="TokenFile"/>.</summary>
    public string ApiToken => world.ApiToken;

    public AppSpec App(string appId) => Apps.First(a => a.AppId == appId);

    /// <summary>Whether a host, of whatever process, works in a folder now.</summary>
    public static bool WorksIn(string dataFolder) => DataFolder.IsHeld(dataFolder);

    /// <summary>Starts everything; returns when the sidecars serve (the apps may still be starting). Throws SetupException before anything has begun.</summary>
    public static async Task<EmbeddedHost> Start(EmbeddedHostOptions options, CancellationToken cancel = default)
    {
        string apiToken = TokenFile.OrNew(options.ApiToken), appToken = TokenFile.OrNew(options.AppToken);
        options = options with { Output = Harmless(options.Output), ApiToken = apiToken, AppToken = appToken };
        var run = options.Run ?? RunFile.Load(options.RunFile);
        var resources = Resources.Load(options.ResourcesPath);
        var (apps, mailPort) = options.FreePorts ? Ports.Free(run.Apps) : (run.Apps, options.MailPort);
        Ports.Check(apps, mailPort);
        if (options.StartApps) foreach (var app in apps.Where(a => !options.Programs.ContainsKey(a.AppId))) AppProcess.CheckCommand(app);
        var workflowApp = WorkflowApp(apps, resources);
        var data = DataFolder.Lock(options.DataFolder);
        try
        {
            if (options.StartApps) await Task.WhenAll(apps.Where(a => a.Command.Count > 0).Select(a => AppRunner.MakeWay(a, options, data, cancel)));
            FileVersion.Claim(data.File("sidecars.db"));
            var file = new GroupCommit(data.File("sidecars.db"), line => options.Output("host", line), Broker.Schema, StateStore.Schema, MailBox.Schema, WorkflowStore.Schema);
            var mails = new MailBox(file);
            await EarlierFiles.TakeOver(data.FullPath, data.File("sidecars.db"), mails);
            var world = new World(resources, file, new Broker(file, options.Output), new StateStore(file), mails,
                apiToken, appToken, options.Output, options.Network);
            world.Sidecars.AddRange(apps.Select(a => new AppSidecar(a, world)
            {
                Workflows = a.AppId == workflowApp ? new WorkflowEngine(file, a.AppId, new OutputLog(a.AppId, options.Output)) : null,
            }));
            var web = Api.Server.Build(world, mailPort, options.TimeZone);
            try
            {
                // First: who finds a sidecar finds its token.
                TokenFile.Write(data.FullPath, apiToken);
                await web.StartAsync(cancel);
            }
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

    /// <summary>Who says something has something to do: a line that cannot be passed on must not keep it from that.</summary>
    static Action<string, string> Harmless(Action<string, string> output) => (app, line) =>
    {
        try { output(app, line); }
        catch (Exception) { /* there is nobody left to tell */ }
    };

    void Begin(AppSidecar sidecar, EmbeddedHostOptions options)
    {
        AppRunner? runner = null;
        if (options.StartApps && sidecar.Spec.Command.Count > 0)
        {
            runner = options.Programs.TryGetValue(sidecar.AppId, out var program) ? new AppInProcess(sidecar.Spec, program, options, sidecar.Channel.Lost)
                : new AppProcess(sidecar.Spec, options, data, sidecar.Channel.Lost);
            runners.Add(runner);
            runner.Start();
        }
        sidecar.RequestShutdown = () => Task.Run(async () =>
        {
            sidecar.IsStopped = true;
            if (runner is not null) await runner.DisposeAsync();
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

    /// <summary>Ends an app's process the hard way; it is started again as after any crash. One in this process cannot be killed alone.</summary>
    public void KillApp(string appId) => runners.Find(r => r.AppId == appId)?.Kill();

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
            await world.Mail.Purge(DateTimeOffset.UtcNow);
            foreach (var pubsub in world.Resources.Components.Where(c => c.Type == Resources.PubSub))
                await world.Broker.Purge(pubsub.Name, Durations.TryParse(pubsub.Metadata.GetValueOrDefault("retention") ?? "", out var age) ? age : TimeSpan.FromHours(24));
        }
        catch (Exception e) when (e is Microsoft.Data.Sqlite.SqliteException or IOException or UnauthorizedAccessException) { /* a full disk, say: tried again in a minute */ }
    }

    /// <summary>Apps first, while their sidecars still answer; then the sidecars; then the files.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(runners.Select(r => r.DisposeAsync().AsTask()));
        await Task.WhenAll(world.Sidecars.Select(s => s.DisposeAsync().AsTask()));
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2))) await web.StopAsync(limit.Token);
        await web.DisposeAsync();
        await housekeeping;
        foreach (var sidecar in world.Sidecars)
            if (sidecar.Workflows is { } workflows) await workflows.DisposeAsync();
        await world.Broker.DisposeAsync();
        await world.File.DisposeAsync();
        world.State.Dispose();
        await world.Mail.DisposeAsync();
        data.Dispose();
        stop.Dispose();
    }
}
