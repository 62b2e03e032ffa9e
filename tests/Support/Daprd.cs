namespace Ecom.Tests.Support;

public sealed record DaprdPorts(int Http, int Grpc, int Metrics);

/// <summary>One real sidecar, for tests of a component file or of Dapr's behaviour; whole systems are started by `dapr run`, where its CLI is.</summary>
public sealed class Daprd : IAsyncDisposable
{
    readonly IServer server;
    readonly TempFolder folder;

    Daprd(string appId, DaprdPorts ports, TempFolder folder, IEnumerable<string> arguments, IDictionary<string, string?>? environment)
    {
        (AppId, this.folder, HttpPort, GrpcPort) = (appId, folder, ports.Http, ports.Grpc);
        server = Program(
            "daprd",
            [
                "--app-id", appId, "--dapr-http-port", $"{HttpPort}", "--dapr-grpc-port", $"{GrpcPort}",
                "--dapr-internal-grpc-port", $"{Ports.Free()}", "--metrics-port", $"{ports.Metrics}", "--dapr-listen-addresses", "127.0.0.1", .. arguments,
            ],
            new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>()) { ["DAPR_HOST_IP"] = "127.0.0.1" },
            // As deep as services/<Name>, where `dapr run` starts it: components/config.yaml has a path relative to that.
            Directory.CreateDirectory(folder.File("services/app")).FullName);
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}/") };
    }

    public string AppId { get; }

    public int HttpPort { get; }

    public int GrpcPort { get; }

    public HttpClient Http { get; }

    public Task<string> Log() => server.Log();

    /// <summary>One of Dapr's programs.</summary>
    internal static IServer Program(string name, IReadOnlyList<string> arguments, IDictionary<string, string?>? environment, string folder) => Runtimes.InDocker(Runtime.Dapr)
        ? ServerContainer.AsProgram(name == "daprd" ? "daprd" : "dapr", $"/{name}", arguments, environment, folder)
        : new ServerProcess(name, Runtimes.DaprProgram(name), arguments, environment, folder);

    /// <param name="resources">The folder of component files.</param>
    /// <param name="configuration">The Configuration file; without one daprd finds others by multicast DNS.</param>
    public static async Task<Daprd> Start(
        string appId,
        string resources,
        string? configuration = null,
        int? appPort = null,
        DaprControlPlane? plane = null,
        IDictionary<string, string?>? environment = null,
        DaprdPorts? ports = null,
        params IEnumerable<string> more)
    {
        List<string> arguments = ["--resources-path", resources];
        if (configuration is not null)
            arguments.AddRange(["--config", configuration]);
        if (appPort is not null)
            arguments.AddRange(["--app-port", $"{appPort}"]);
        if (plane is not null)
            arguments.AddRange(["--placement-host-address", plane.PlacementAddress, "--scheduler-host-address", plane.SchedulerAddress]);
        arguments.AddRange(more);
        var daprd = new Daprd(appId, ports ?? new(Ports.Free(), Ports.Free(), Ports.Free()), new TempFolder("daprd"), arguments, environment);
        try
        {
            await daprd.Start();
            return daprd;
        }
        catch
        {
            await daprd.DisposeAsync();
            throw;
        }
    }

    /// <summary>For the first time, or after it was killed. It answers others; the app may not listen yet.</summary>
    public Task Start() => server.Start(async () => (await Http.GetAsync("v1.0/healthz/outbound")).IsSuccessStatusCode, TimeSpan.FromSeconds(40));

    public void Kill() => server.Kill();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await server.DisposeAsync();
        folder.Dispose();
    }
}
