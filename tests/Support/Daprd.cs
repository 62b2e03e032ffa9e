namespace Ecom.Tests.Support;

/// <summary>One real sidecar, for tests of a component file or of Dapr's behaviour; whole systems are started by `dapr run`.</summary>
public sealed class Daprd : IAsyncDisposable
{
    readonly ChildProcess process;
    readonly TempFolder folder;

    Daprd(string appId, TempFolder folder, IEnumerable<string> arguments, IDictionary<string, string?>? environment)
    {
        (AppId, this.folder) = (appId, folder);
        process = ChildProcess.Start(
            $"daprd {appId}",
            Runtimes.DaprProgram("daprd"),
            [
                "--app-id", appId, "--dapr-http-port", $"{HttpPort}", "--dapr-grpc-port", $"{GrpcPort}",
                "--dapr-internal-grpc-port", $"{Ports.Free()}", "--metrics-port", $"{Ports.Free()}", "--dapr-listen-addresses", "127.0.0.1", .. arguments,
            ],
            new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>()) { ["DAPR_HOST_IP"] = "127.0.0.1" },
            // As deep as services/<Name>, where `dapr run` starts it: components/config.yaml has a path relative to that.
            Directory.CreateDirectory(folder.File("services/app")).FullName);
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}/") };
    }

    public string AppId { get; }

    public int HttpPort { get; } = Ports.Free();

    public int GrpcPort { get; } = Ports.Free();

    public HttpClient Http { get; }

    public string Log => process.Tail(200);

    /// <param name="resources">The folder of component files.</param>
    /// <param name="configuration">The Configuration file; without one daprd finds others by multicast DNS.</param>
    public static async Task<Daprd> Start(
        string appId,
        string resources,
        string? configuration = null,
        int? appPort = null,
        DaprControlPlane? plane = null,
        IDictionary<string, string?>? environment = null)
    {
        List<string> arguments = ["--resources-path", resources];
        if (configuration is not null)
            arguments.AddRange(["--config", configuration]);
        if (appPort is not null)
            arguments.AddRange(["--app-port", $"{appPort}"]);
        if (plane is not null)
            arguments.AddRange(["--placement-host-address", plane.PlacementAddress, "--scheduler-host-address", plane.SchedulerAddress]);
        var daprd = new Daprd(appId, new TempFolder("daprd"), arguments, environment);
        try
        {
            // The outbound form: the app may not listen yet.
            await daprd.process.WaitUntil(async () => (await daprd.Http.GetAsync("v1.0/healthz/outbound")).IsSuccessStatusCode, TimeSpan.FromSeconds(40));
            return daprd;
        }
        catch
        {
            await daprd.DisposeAsync();
            throw;
        }
    }

    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await process.DisposeAsync();
        folder.Dispose();
    }
}
