using System.Collections;
using Ecom.Sidecar.Config;

namespace Ecom.Sidecar.Processes;

/// <summary>What an app is told by its environment: Dapr's variables and its port.</summary>
static class AppEnvironment
{
    /// <summary>
    /// The way to another sidecar, and other ports: an app that inherited one of these would not be found, or not be embedded.
    /// DAPR_GRPC_ENDPOINT and DAPR_HTTP_ENDPOINT win over the ports in the SDK, URLS over ASPNETCORE_URLS.
    /// </summary>
    static readonly HashSet<string> Foreign = new(StringComparer.OrdinalIgnoreCase)
    {
        "DAPR_GRPC_ENDPOINT", "DAPR_HTTP_ENDPOINT", "URLS", "DOTNET_URLS", "HTTP_PORTS", "HTTPS_PORTS", "DOTNET_HTTP_PORTS", "DOTNET_HTTPS_PORTS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS",
    };

    /// <returns>This process's variables without the foreign ones, and on top of them what the app is told.</returns>
    public static IReadOnlyDictionary<string, string> Of(AppSpec app, EmbeddedHostOptions options)
    {
        var environment = new Dictionary<string, string?>();
        foreach (DictionaryEntry own in Environment.GetEnvironmentVariables())
            if (own.Key is string name && !Foreign.Contains(name)) environment[name] = own.Value as string;
        environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{app.AppPort}";
        environment["APP_ID"] = app.AppId;
        environment["APP_PORT"] = app.AppPort.ToString();
        environment["APP_CHANNEL_ADDRESS"] = "127.0.0.1";
        environment["APP_PROTOCOL"] = "http";
        environment["DAPR_HTTP_PORT"] = app.HttpPort.ToString();
        environment["DAPR_GRPC_PORT"] = app.GrpcPort.ToString();
        environment["DAPR_API_TOKEN"] = options.ApiToken;
        environment["APP_API_TOKEN"] = options.AppToken;
        foreach (var (name, value) in app.Environment) environment[name] = value;
        foreach (var (name, value) in options.AppEnvironment) environment[name] = value;
        return environment.Where(e => e.Value is not null).ToDictionary(e => e.Key, e => e.Value!);
    }
}
