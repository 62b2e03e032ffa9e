using System.Text.Json;
using Ecom.Sidecar.PubSub;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ecom.Sidecar.Api;

/// <summary>Dapr's HTTP API: publishing, bindings, secrets, health, metadata. State, invocation and workflows have files of their own.</summary>
static class HttpApi
{
    public const int MaxBody = 4 << 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var version in (string[])["v1.0", "v1.0-alpha1"])
            routes.MapMethods($"/{version}/publish/bulk/{{pubsub}}/{{**topic}}", ["POST", "PUT"], BulkPublish);
        routes.MapMethods("/v1.0/publish/{pubsub}/{**topic}", ["POST", "PUT"], Publish);
        routes.MapMethods("/v1.0/bindings/{name}", ["POST", "PUT"], InvokeBinding);
        routes.MapGet("/v1.0/secrets/{store}/bulk", BulkSecrets);
        routes.MapGet("/v1.0/secrets/{store}/{key}", Secret);
        StateHttp.Map(routes);
        InvokeHttp.Map(routes);
        MetadataHttp.Map(routes);
        WorkflowHttp.Map(routes);
    }

    static async Task Publish(HttpContext http)
    {
        var sidecar = http.Sidecar();
        var (pubsub, topic) = (http.Value("pubsub"), http.Value("topic"));
        sidecar.CheckTopic(pubsub, topic);
        await sidecar.Publish(pubsub, topic, [new Publication(sidecar.AppId, pubsub, topic, await http.ReadBody(), http.Request.ContentType, http.QueryMetadata())
        {
            TraceParent = Envelope.TraceParent(http.Request.Headers["traceparent"]),
            TraceState = http.Request.Headers["tracestate"],
        }]);
        http.Response.StatusCode = 204;
    }

    static async Task BulkPublish(HttpContext http)
    {
        var sidecar = http.Sidecar();
        var (pubsub, topic) = (http.Value("pubsub"), http.Value("topic"));
        sidecar.CheckTopic(pubsub, topic);
        var common = http.QueryMetadata();
        ApiException Refuse(string code, string why) => new(400, Grpc.Core.StatusCode.InvalidArgument, code, why);
        List<Publication> events = [];
        try
        {
            using var document = JsonDocument.Parse(await http.ReadBody());
            var seen = new HashSet<string>();
            foreach (var entry in document.RootElement.EnumerateArray())
            {
                var id = entry.TryGetProperty("entryId", out var e) ? e.GetString() : null;
                if (id is null or "" || !seen.Add(id))
                    throw Refuse("ERR_PUBSUB_EVENTS_SER", $"error marshaling events to bytes for topic {topic} pubsub {pubsub}. error: entryId is duplicated or not present for entry");
                var type = entry.TryGetProperty("contentType", out var c) ? c.GetString() : null;
                var data = EventBytes(entry.GetProperty("event"), type)
                    ?? throw Refuse("ERR_PUBSUB_EVENTS_SER", $"error when marshalling cloud event envelope for topic {topic} pubsub {pubsub}: the event does not fit its contentType");
                events.Add(new Publication(sidecar.AppId, pubsub, topic, data, type, Merge(common, entry)));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw Refuse("ERR_PUBSUB_EVENTS_SER", $"error when unmarshaling the request for topic {topic} pubsub {pubsub}: {e.Message}");
        }
        await sidecar.Publish(pubsub, topic, events);
        http.Response.StatusCode = 204;
    }

    static Dictionary<string, string> Merge(Dictionary<string, string> common, JsonElement entry)
    {
        var merged = new Dictionary<string, string>(common);
        if (entry.TryGetProperty("metadata", out var own) && own.ValueKind == JsonValueKind.Object)
            foreach (var item in own.EnumerateObject()) merged[item.Name] = item.Value.ToString();
        return merged;
    }

    /// <summary>JSON types take a JSON value, octet-stream a base64 string, anything else a string. Null: it does not fit.</summary>
    static byte[]? EventBytes(JsonElement value, string? contentType)
    {
        var media = (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        if (media == "application/octet-stream") return value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) ? bytes : null;
        if (media is "application/json" or "application/cloudevents+json")
            return media == "application/cloudevents+json" && value.ValueKind != JsonValueKind.Object ? null : System.Text.Encoding.UTF8.GetBytes(value.GetRawText());
        return value.ValueKind == JsonValueKind.String ? System.Text.Encoding.UTF8.GetBytes(value.GetString()!) : null;
    }

    static async Task InvokeBinding(HttpContext http)
    {
        string operation, data;
        Dictionary<string, string> metadata;
        try
        {
            using var document = JsonDocument.Parse(await http.ReadBody());
            var root = document.RootElement;
            operation = root.TryGetProperty("operation", out var o) ? o.GetString() ?? "" : "";
            data = root.TryGetProperty("data", out var d) ? d.GetRawText() : "null";
            metadata = root.TryGetProperty("metadata", out var m) && m.ValueKind == JsonValueKind.Object
                ? m.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString() ?? "") : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ApiException.Malformed($"failed deserializing HTTP body: {e.Message}");
        }
        await http.Sidecar().InvokeBinding(http.Value("name"), operation, System.Text.Encoding.UTF8.GetBytes(data), metadata);
        http.Response.StatusCode = 204;
    }

    static Task Secret(HttpContext http)
    {
        var key = http.Value("key");
        return http.Response.WriteAsJsonAsync(new Dictionary<string, string> { [key] = http.Sidecar().SecretStore(http.Value("store")).Get(key) });
    }

    static Task BulkSecrets(HttpContext http) => http.Response.WriteAsJsonAsync(
        http.Sidecar().SecretStore(http.Value("store")).All().ToDictionary(s => s.Key, s => new Dictionary<string, string> { [s.Key] = s.Value }));
}
