using System.Text.Json;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The shop as `dapr run -f` runs it: six services, each beside its sidecar.</summary>
public sealed class RunningShop : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    readonly TempFolder folder = new("shop");
    readonly RunFile run = RunFile.Shifted();
    readonly Backends backends;
    readonly Dictionary<string, string?> environment;
    readonly List<ChildProcess> revived = [];
    ChildProcess? dapr;

    RunningShop(Backends backends)
    {
        this.backends = backends;
        environment = new(backends.Environment) { ["DAPR_HOST_IP"] = "127.0.0.1", ["INITIAL_STOCK"] = "100", ["LOG_FORMAT"] = "text" };
        Customer = new Customer(run);
    }

    public Customer Customer { get; }

    public static async Task<RunningShop> Start(Backends backends, string components)
    {
        var shop = new RunningShop(backends);
        try
        {
            await shop.Tool("setup");
            await shop.Run(components);
            return shop;
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }
    }

    /// <summary>The project's own command-line tool, pointed at this shop; fails when the tool does.</summary>
    public Task<string> Tool(params string[] arguments) => ChildProcess.Run(
        "dotnet", [Repository.File("tools/Ecom/bin/ecom.dll"), .. arguments], environment, Repository.Root, TimeSpan.FromMinutes(5));

    public Task<string> Audit() => Tool("audit", "--json", "--port-offset", $"{run.Offset}");

    public Task<string> Demo() => Tool("demo", "--attach", "--json", "--port-offset", $"{run.Offset}");

    /// <returns>The figures that the tool prints.</returns>
    public async Task<JsonElement> Load(int orders, int users) =>
        JsonSerializer.Deserialize<JsonElement>((await Tool("load", "--orders", $"{orders}", "--users", $"{users}", "--attach", "--json", "--port-offset", $"{run.Offset}")).Split('\n')[^1]);

    /// <summary>kill -9, as a machine would.</summary>
    public void KillApp(string appId) => Kill(AppOf(appId));

    public void KillSidecar(string appId) => Kill(SidecarOf(appId));

    /// <summary>The process stands still, as on a machine that is out of breath, until it is woken.</summary>
    public Frozen FreezeApp(string appId) => new(AppOf(appId).Id);

    public async ValueTask DisposeAsync()
    {
        Customer.Dispose();
        foreach (var process in revived)
            await process.DisposeAsync();
        if (dapr is not null)
            await dapr.Stop(TimeSpan.FromSeconds(30));
        folder.Dispose();
    }

    public Task Ready() => Task.WhenAll(run.AppIds.Select(Ready));

    async Task Run(string components)
    {
        dapr = ChildProcess.Start("dapr run", Runtimes.OnPath("dapr")!, ["run", "-f", run.Write(folder, components, backends.Dapr)], environment, folder.Path);
        await Ready();
    }

    async Task Ready(string appId)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await dapr!.WaitUntil(async () => (await http.GetAsync($"http://127.0.0.1:{run.AppPort(appId)}/health/ready")).IsSuccessStatusCode, Patience, $"{appId} is ready");
        // Subscriptions begin after the sidecar has found the app: only its full health says so.
        await dapr!.WaitUntil(async () => (await http.GetAsync($"http://127.0.0.1:{run.SidecarPort(appId)}/v1.0/healthz")).IsSuccessStatusCode, Patience, $"the sidecar of {appId} is ready");
    }

    /// <summary>`dapr run` leaves what died where it lies; Kubernetes, or a person, starts the same program again.</summary>
    void Kill(LinuxProcess process)
    {
        process.Kill();
        revived.Add(process.StartAgain());
    }

    LinuxProcess AppOf(string appId) => Find(process => process.Arguments[0].Contains("dotnet", StringComparison.Ordinal) && process.Environment.GetValueOrDefault("APP_ID") == appId, appId);

    LinuxProcess SidecarOf(string appId) => Find(process => process.Arguments[0].EndsWith("daprd", StringComparison.Ordinal) && process.Arguments.Contains(appId), appId);

    LinuxProcess Find(Func<LinuxProcess, bool> match, string appId) =>
        LinuxProcess.ChildrenOf([dapr!.Id, Environment.ProcessId]).SingleOrDefault(process => process.Arguments.Length > 0 && match(process))
        ?? throw new InvalidOperationException($"{appId} does not run.\n{dapr.Tail()}");
}
