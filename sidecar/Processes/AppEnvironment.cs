using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>What an app is told by its environment: Dapr's variables, its port, its data folder.</summary>
static class AppEnvironment
{
    /// <summary>
    /// The way to another world's database or sidecar: an app that inherited one of these would
    /// not be embedded. DAPR_GRPC_ENDPOINT and DAPR_HTTP_ENDPOINT win over the ports in the SDK.
    /// </summary>
    static readonly string[] Foreign = ["POSTGRES_", "ConnectionStrings__", "DAPR_GRPC_ENDPOINT", "DAPR_HTTP_ENDPOINT", "ASPNETCORE_", "DOTNET_URLS", "URLS", "HTTP_PORTS", "DOTNET_HTTP_PORTS"];

    public static void Fill(IDictionary<string, string?> environment, AppSpec app, EmbeddedHostOptions options, string dataFolder)
    {
        foreach (var name in environment.Keys.Where(n => Foreign.Any(f => n.StartsWith(f, StringComparison.OrdinalIgnoreCase))).ToList()) environment.Remove(name);
        // Six runtimes on one developer's machine: start fast and small rather than peak later.
        environment.TryAdd("DOTNET_TieredPGO", "0");
        // Compiling hot methods a second time took more of the first minute's processor time than the orders did
        // (perf: a third against a quarter): later, and only for what is really hot. The values are hexadecimal.
        environment.TryAdd("DOTNET_TC_CallCountThreshold", "200");
        environment.TryAdd("DOTNET_TC_CallCountingDelayMs", "1000");
        environment.TryAdd("DOTNET_TC_BackgroundWorkerTimeoutMs", "0");
        environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{app.AppPort}";
        environment["APP_ID"] = app.AppId;
        environment["APP_PORT"] = app.AppPort.ToString();
        environment["APP_CHANNEL_ADDRESS"] = "127.0.0.1";
        environment["APP_PROTOCOL"] = "http";
        environment["DAPR_HTTP_PORT"] = app.HttpPort.ToString();
        environment["DAPR_GRPC_PORT"] = app.GrpcPort.ToString();
        environment["ECOM_DATA"] = dataFolder;
        environment["ECOM_STOP_WITH_STDIN"] = "true";
        environment["DAPR_API_TOKEN"] = options.ApiToken;
        environment["APP_API_TOKEN"] = options.AppToken;
        foreach (var (name, value) in app.Environment) environment[name] = value;
        foreach (var (name, value) in options.AppEnvironment) environment[name] = value;
        foreach (var name in environment.Where(e => e.Value is null).Select(e => e.Key).ToList()) environment.Remove(name);
    }
}
