using System.Text.Json;
using System.Text.RegularExpressions;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The shop as `dapr run -f` runs it: six services, each beside its sidecar.</summary>
public sealed partial class RunningShop : IAsyncDisposable
{
    /// <summary>A busy machine is no failure: it is what the books say in the end that counts.</summary>
    const string OrderPatience = "180";
    public const string ApiToken = "let-me-in";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    readonly TempFolder folder = new("shop");
    readonly RunFile run;
    readonly Backends backends;
    readonly Dictionary<string, string?> settings;
    readonly Dictionary<string, string?> environment;
    readonly string components;
    readonly string names;
    DaprRun? dapr;

    RunningShop(Backends backends, string components, Dictionary<string, string?> settings, string release, string? names = null)
    {
        (this.backends, this.components, this.settings, this.names, run) = (backends, components, settings, names ?? folder.File("names.db"), RunFile.Shifted(release));
        environment = new(backends.Environment) { ["DAPR_HOST_IP"] = "127.0.0.1", ["INITIAL_STOCK"] = "100", ["LOG_FORMAT"] = "text", ["APP_API_TOKEN"] = "it-is-me", ["DAPR_API_TOKEN"] = ApiToken, ["ECOM_ADMIN_KEY"] = EndToEnd.Customer.Key, ["AUTH_AUTHORITY"] = null };
        // A Spark server that this machine may have is not the shop's.
        environment["SPARK_REMOTE"] = $"sc://localhost:{Ports.Free()}";
        foreach (var (name, value) in settings)
            environment[name] = value;
        Customer = new Customer(run);
    }

    public Customer Customer { get; }

    public int AppPort(string appId) => run.AppPort(appId);

    public int SidecarPort(string appId) => run.SidecarPort(appId);

    public int SidecarMetrics(string appId) => run.Of(appId).Sidecar.Metrics;

    /// <param name="settings">What differs from the defaults.</param>
    /// <param name="release">The repository whose programs run.</param>
    public static async Task<RunningShop> Start(Backends backends, string components, Dictionary<string, string?> settings, string release)
    {
        var shop = new RunningShop(backends, components, settings, release);
        try
        {
            await shop.Tool("setup");
            return await shop.Run();
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }
    }

    /// <summary>A second replica of every service and sidecar, on ports of their own.</summary>
    public Task<RunningShop> StartReplica() => new RunningShop(backends, components, settings, run.Root, names).Run();

    /// <summary>The same of another release, after its setup, as in a rolling update.</summary>
    public async Task<RunningShop> StartReplica(string release)
    {
        var replica = new RunningShop(backends, RealWorld.ComponentsOf(release), settings, release, names);
        await replica.Tool("setup");
        return await replica.Run();
    }

    /// <summary>A customer whose requests go to either.</summary>
    public Customer CustomerOfBoth(RunningShop other) => new(run, other.run);

    /// <summary>The release's own command-line tool, pointed at this shop; fails when the tool does.</summary>
    public Task<string> Tool(params string[] arguments) => ChildProcess.Run(
        "dotnet", [Path.Combine(run.Root, "tools/Ecom/bin/ecom.dll"), .. arguments], environment, run.Root, TimeSpan.FromMinutes(20));

    public Task<string> Audit() => Tool("audit", "--json", "--port-offset", $"{run.Offset}");

    public Task<string> Clean(string what) => Tool("clean", what, "--yes", "--port-offset", $"{run.Offset}");

    public Task<string> Demo() => Tool("demo", "--attach", "--json", "--timeout", OrderPatience, "--port-offset", $"{run.Offset}");

    /// <param name="rate">Orders a minute.</param>
    public Task<string> Chaos(string minutes, string seed, string[] targets, int rate = 120) =>
        Tool(["chaos", "--attach", "--minutes", minutes, "--rate", $"{rate}", "--seed", seed, "--timeout", OrderPatience, "--port-offset", $"{run.Offset}", "--targets", .. targets]);

    /// <returns>The figures, and what the tool printed.</returns>
    public async Task<(JsonElement Figures, string Output)> Load(int orders, int users)
    {
        var output = await Tool("load", "--orders", $"{orders}", "--users", $"{users}", "--attach", "--json", "--timeout", OrderPatience, "--port-offset", $"{run.Offset}");
        return (JsonSerializer.Deserialize<JsonElement>(output.Split('\n')[^1]), output);
    }

    /// <summary>kill -9, as a machine would.</summary>
    public void KillApp(string appId) => TakeAwayApp(appId)();

    public void KillSidecar(string appId) => TakeAwaySidecar(appId)();

    /// <returns>Brings it back.</returns>
    public Action TakeAwayApp(string appId) => dapr!.TakeAwayApp(appId);

    /// <returns>Brings it back.</returns>
    public Action TakeAwaySidecar(string appId) => dapr!.TakeAwaySidecar(appId);

    /// <summary>The same for a service with its sidecar, and nobody starts them again.</summary>
    public void KillReplica(string appId)
    {
        _ = TakeAwayApp(appId);
        _ = TakeAwaySidecar(appId);
    }

    /// <summary>The queues that this replica of a service knows, and which of them it leads.</summary>
    public async Task<IReadOnlyDictionary<string, int>> Leads(string appId)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var lines = (await http.GetStringAsync($"http://127.0.0.1:{run.AppPort(appId)}/metrics")).Split('\n');
        return lines.Select(line => LeadLine().Match(line)).Where(match => match.Success).ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value));
    }

    /// <summary>The process stands still, as on a machine that is out of breath, until it is woken.</summary>
    public Frozen FreezeApp(string appId) => new(dapr!.AppOf(appId).Id);

    public async ValueTask DisposeAsync()
    {
        Customer.Dispose();
        if (dapr is not null)
            await dapr.DisposeAsync();
        folder.Dispose();
    }

    public Task Ready() => Task.WhenAll(run.AppIds.Select(Ready));

    async Task<RunningShop> Run()
    {
        dapr = await DaprRun.Start(run, folder, components, names, backends.Dapr, environment);
        await Ready();
        return this;
    }

    async Task Ready(string appId)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await dapr!.WaitUntil(async () => (await http.GetAsync($"http://127.0.0.1:{run.AppPort(appId)}/health/ready")).IsSuccessStatusCode, Patience, $"{appId} is ready");
        // Subscriptions begin after the sidecar has found the app: only its full health says so.
        await dapr!.WaitUntil(async () => (await http.GetAsync($"http://127.0.0.1:{run.SidecarPort(appId)}/v1.0/healthz")).IsSuccessStatusCode, Patience, $"the sidecar of {appId} is ready");
    }

    [GeneratedRegex("^ecom_queue_leads\\{.*queue=\"([^\"]+)\".*\\} ([01])\\b")]
    private static partial Regex LeadLine();
}
