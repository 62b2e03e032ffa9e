using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ecom.Sidecar.Api;

static class MetadataHttp
{
    /// <summary>What /v1.0/metadata calls the runtime: the version whose behaviour this host is held to.</summary>
    public const string RuntimeVersion = "1.18.1-embedded";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/healthz", http =>
        {
            if (http.Request.Query["appid"].ToString() is { Length: > 0 } id && id != http.Sidecar().AppId)
                throw new ApiException(500, StatusCode.Internal, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match");
            if (!http.Sidecar().Channel.IsReady) throw new ApiException(500, StatusCode.Internal, "ERR_HEALTH_NOT_READY", "dapr is not ready: [app]");
            http.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        routes.MapGet("/v1.0/healthz/outbound", http =>
        {
            http.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        routes.MapGet("/v1.0/metadata", http => http.Response.WriteAsJsonAsync(Describe(http.Sidecar())));
        routes.MapPut("/v1.0/metadata/{key}", async http =>
        {
            http.Sidecar().Extended[http.Value("key")] = System.Text.Encoding.UTF8.GetString(await http.ReadBody());
            http.Response.StatusCode = 204;
        });
        routes.MapPost("/v1.0/shutdown", http =>
        {
            http.Response.StatusCode = 204;
            http.Sidecar().RequestShutdown();
            return Task.CompletedTask;
        });
    }

    static object Describe(AppSidecar sidecar) => new
    {
        id = sidecar.AppId,
        runtimeVersion = RuntimeVersion,
        enabledFeatures = Array.Empty<string>(),
        components = sidecar.Components.Select(c => new { name = c.Name, type = c.Type, version = "v1", capabilities = Capabilities(c.Type) }),
        extended = sidecar.Extended,
        subscriptions = sidecar.Subscriptions.Select(s => new
        {
            pubsubname = s.PubSub,
            topic = s.Topic,
            rules = s.Rules.Select(r => new { match = r.Match, path = r.Path }).Append(new { match = "", path = s.Route ?? "" }),
            deadLetterTopic = s.DeadLetterTopic ?? "",
            type = s.Declared ? "DECLARATIVE" : "PROGRAMMATIC",
        }),
        appConnectionProperties = new { port = sidecar.Spec.AppPort, protocol = "http", channelAddress = "127.0.0.1", maxConcurrency = -1 },
        workflows = new { connectedWorkers = sidecar.ConnectedWorkers },
    };

    public static string[] Capabilities(string type) => type switch
    {
        Config.Resources.State => ["ETAG", "TRANSACTIONAL", "TTL"],
        Config.Resources.PubSub => ["BULK_PUBSUB"],
        _ => [],
    };
}
