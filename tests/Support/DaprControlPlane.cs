using System.Collections.Concurrent;

namespace Ecom.Tests.Support;

/// <summary>Dapr's placement and scheduler services, which workflows need.</summary>
public sealed class DaprControlPlane : IAsyncDisposable
{
    readonly TempFolder folder = new("dapr");
    readonly ConcurrentDictionary<string, (IServer Server, Func<Task> Start)> services = [];

    /// <summary>The names of the two.</summary>
    public const string Placement = "placement", Scheduler = "scheduler";

    DaprControlPlane()
    {
    }

    public int PlacementPort { get; } = Ports.Free();

    public int SchedulerPort { get; } = Ports.Free();

    public int PlacementMetrics { get; } = Ports.Free();

    public int SchedulerMetrics { get; } = Ports.Free();

    public string PlacementAddress => $"localhost:{PlacementPort}";

    public string SchedulerAddress => $"localhost:{SchedulerPort}";

    public static async Task<DaprControlPlane> Start()
    {
        var plane = new DaprControlPlane();
        int raft = Ports.Free(), client = Ports.Free(), peer = Ports.Free();
        await Task.WhenAll(
            plane.StartService(Placement, plane.PlacementPort, plane.PlacementMetrics, "--initial-cluster", $"dapr-placement-0=127.0.0.1:{raft}"),
            plane.StartService(
                Scheduler,
                plane.SchedulerPort,
                plane.SchedulerMetrics,
                "--override-broadcast-host-port", plane.SchedulerAddress,
                "--etcd-data-dir", plane.folder.File("etcd"),
                "--etcd-client-port", $"{client}",
                "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://localhost:{peer}"));
        return plane;
    }

    /// <summary>kill -9.</summary>
    public void Kill(string name) => services[name].Server.Kill();

    public Task Restart(string name) => services[name].Start();

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(services.Values.Select(service => service.Server.DisposeAsync().AsTask()));
        folder.Dispose();
    }

    async Task StartService(string name, int port, int metrics, params string[] arguments)
    {
        var health = Ports.Free();
        var service = Daprd.Program(
            name, ["--port", $"{port}", "--healthz-port", $"{health}", "--metrics-port", $"{metrics}", "--listen-address", "127.0.0.1", .. arguments], null, folder.Path);
        services[name] = (service, Up);
        await Up();

        async Task Up()
        {
            using var http = new HttpClient();
            await service.Start(async () => (await http.GetAsync($"http://127.0.0.1:{health}/healthz")).IsSuccessStatusCode, TimeSpan.FromSeconds(30));
        }
    }
}
