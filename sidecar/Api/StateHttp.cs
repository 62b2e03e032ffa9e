using System.Text;
using System.Text.Json;
using Ecom.Sidecar.State;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ecom.Sidecar.Api;

/// <summary>The state API over HTTP. ETags travel without quotes, both ways, as daprd's do.</summary>
static class StateHttp
{
    const string Json = "application/json";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/v1.0/state/{store}", ["POST", "PUT"], Save);
        routes.MapMethods("/v1.0/state/{store}/bulk", ["POST", "PUT"], Bulk);
        routes.MapMethods("/v1.0/state/{store}/transaction", ["POST", "PUT"], Transact);
        routes.MapGet("/v1.0/state/{store}/{**key}", Get);
        routes.MapDelete("/v1.0/state/{store}/{**key}", Delete);
    }

    static async Task Get(HttpContext http)
    {
        if (http.Sidecar().Store(http.Value("store")).Get(http.Value("key")) is not { } item)
        {
            http.Response.StatusCode = 204;
            return;
        }
        http.Response.Headers["ETag"] = item.ETag;
        if (item.Expires is { } at) http.Response.Headers["metadata.ttlExpireTime"] = at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ");
        http.Response.ContentType = Json;
        await http.Response.Body.WriteAsync(item.Value);
    }

    static async Task Save(HttpContext http)
    {
        var store = http.Sidecar().Store(http.Value("store"));
        var common = http.QueryMetadata();
        var changes = await Read(http, root => root.EnumerateArray().Select(item => ReadChange(item, common)).ToList());
        // Not atomic, as with Dapr: each key for itself, then the first refusal.
        await Answer(http, "ERR_STATE_SAVE", $"failed saving state in state store {http.Value("store")}", () => Task.WhenAll(changes.Select(c => store.Apply(c))));
    }

    static async Task Delete(HttpContext http)
    {
        var store = http.Sidecar().Store(http.Value("store"));
        var etag = http.Request.Headers.IfMatch.ToString();
        var change = new StateChange(http.Value("key"), null, etag.Length > 0 ? etag : null, http.Request.Query["concurrency"] == "first-write");
        await Answer(http, "ERR_STATE_DELETE", $"failed deleting state with key {change.Key}", () => store.Apply(change));
    }

    static async Task Transact(HttpContext http)
    {
        var store = http.Sidecar().Store(http.Value("store"));
        var common = http.QueryMetadata();
        var changes = await Read(http, root =>
        {
            if (root.TryGetProperty("metadata", out var metadata)) AddMetadata(common, metadata);
            return root.GetProperty("operations").EnumerateArray().Select(operation =>
            {
                var kind = operation.GetProperty("operation").GetString();
                if (kind is not ("upsert" or "delete")) throw new ApiException(400, StatusCode.InvalidArgument, "ERR_NOT_SUPPORTED_STATE_OPERATION", $"operation type {kind} not supported");
                var change = ReadChange(operation.GetProperty("request"), common);
                return kind == "delete" ? change with { Value = null } : change;
            }).ToList();
        });
        try { await store.Apply(changes); }
        catch (ConflictException e) { throw new ApiException(500, StatusCode.Internal, "ERR_STATE_TRANSACTION", $"error while executing state transaction: {e.Message}"); }
        http.Response.StatusCode = 204;
    }

    static async Task Bulk(HttpContext http)
    {
        var store = http.Sidecar().Store(http.Value("store"));
        var keys = await Read(http, root => root.GetProperty("keys").EnumerateArray().Select(k => k.GetString()!).ToList());
        http.Response.ContentType = Json;
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartArray();
        foreach (var key in keys)
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            if (store.Get(key) is { } item)
            {
                json.WritePropertyName("data");
                if (PubSub.Envelope.IsJson(item.Value)) json.WriteRawValue(item.Value, skipInputValidation: true);
                else json.WriteBase64StringValue(item.Value);
                json.WriteString("etag", item.ETag);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static async Task Answer(HttpContext http, string code, string what, Func<Task> apply)
    {
        try { await apply(); }
        catch (ConflictException e) { throw e.Told(code, what); }
        http.Response.StatusCode = 204;
    }

    static async Task<T> Read<T>(HttpContext http, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(await http.ReadBody());
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw ApiException.Malformed($"failed deserializing HTTP body: {e.Message}");
        }
        catch (FormatException e) { throw new ApiException(500, StatusCode.Internal, "ERR_STATE_SAVE", $"failed saving state in state store {http.Value("store")}: {e.Message}"); }
    }

    static StateChange ReadChange(JsonElement item, Dictionary<string, string> common)
    {
        var key = item.TryGetProperty("key", out var k) ? k.GetString() : null;
        if (key is null or "") throw ApiException.Malformed("\"key\" is a required field");
        var metadata = new Dictionary<string, string>();
        if (item.TryGetProperty("metadata", out var own)) AddMetadata(metadata, own);
        foreach (var (name, text) in common) metadata[name] = text;
        var first = item.TryGetProperty("options", out var options) && options.ValueKind == JsonValueKind.Object
            && options.TryGetProperty("concurrency", out var concurrency) && concurrency.GetString() == "first-write";
        return new StateChange(key,
            item.TryGetProperty("value", out var value) ? Encoding.UTF8.GetBytes(value.GetRawText()) : "null"u8.ToArray(),
            item.TryGetProperty("etag", out var etag) && etag.ValueKind == JsonValueKind.String ? etag.GetString() : null,
            first, StateApi.Ttl(metadata));
    }

    static void AddMetadata(Dictionary<string, string> into, JsonElement metadata)
    {
        if (metadata.ValueKind == JsonValueKind.Object)
            foreach (var entry in metadata.EnumerateObject()) into[entry.Name] = entry.Value.ToString();
    }
}
