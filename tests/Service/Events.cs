using System.Text.Json.Nodes;

namespace Ecom.Tests.Service;

/// <summary>Envelopes as a producer writes them, to be made wrong where a test wants it.</summary>
static class Events
{
    public static string New(string topic, string data, string? id = null, string time = "2026-03-01T10:00:00Z", string source = "order-service") =>
        $$"""{"specversion":"1.0","id":"{{id ?? Guid.CreateVersion7().ToString()}}","source":"{{source}}","type":"{{topic}}","subject":"s-1","time":"{{time}}","correlationid":"c-1","datacontenttype":"application/json","data":{{data}}}""";

    public static string With(this string json, string path, string value)
    {
        var root = JsonNode.Parse(json)!;
        var parts = path.Split('.');
        var node = root;
        foreach (var part in parts[..^1])
            node = node[part]!;
        node[parts[^1]] = JsonNode.Parse(value);
        return root.ToJsonString();
    }

    public static string Without(this string json, string path)
    {
        var root = JsonNode.Parse(json)!;
        var parts = path.Split('.');
        var node = root;
        foreach (var part in parts[..^1])
            node = node[part]!;
        node.AsObject().Remove(parts[^1]);
        return root.ToJsonString();
    }
}
