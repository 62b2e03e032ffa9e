namespace Ecom.Tests.Support;

/// <summary>Dapr's placement and scheduler services, which workflows need.</summary>
public sealed class DaprControlPlane : IAsyncDisposable
{
    readonly TempFolder folder = new("dapr");
    readonly List<IServer> services = [];

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
            plane.StartService("placement", plane.PlacementPort, plane.PlacementMetrics, "--initial-cluster", $"dapr-placement-0=127.0.0.1:{raft}"),
            plane.StartService(
                "scheduler",
                plane.SchedulerPort,
                plane.SchedulerMetrics,
                "--override-broadcast-host-port", plane.SchedulerAddress,
                "--etcd-data-dir", plane.folder.File("etcd"),
                "--etcd-client-port", $"{client}",
                "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://localhost:{peer}"));
        return plane;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(services.Select(s => s.DisposeAsync().AsTask()));
        folder.Dispose();
    }

    async Task StartService(string name, int port, int metrics, params string[] arguments)
    {
        var health = Ports.Free();
        var service = Daprd.Program(
            name, ["--port", $"{port}", "--healthz-port", $"{health}", "--metrics-port", $"{metrics}", "--listen-address", "127.0.0.1", .. arguments], null, folder.Path);
        lock (services)
            services.Add(service);
        using var http = new HttpClient();
        await service.Start(async () => (await http.GetAsync($"http://127.0.0.1:{health}/healthz")).IsSuccessStatusCode, TimeSpan.FromSeconds(30));
    }
}
