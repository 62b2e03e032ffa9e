using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ecom.Sidecar.PubSub;

/// <summary>What an app asked for: a topic and where to send its events.</summary>
sealed record Subscription(
    string PubSub, string Topic, IReadOnlyList<RouteRule> Rules, string? Route, string? DeadLetterTopic, int BatchSize, bool RawPayload, bool Declared = false)
{
    public const int DefaultBatch = 100;

    /// <summary>The app's answer to GET /dapr/subscribe. An entry without a route is ignored, as Dapr does.</summary>
    public static IReadOnlyList<Subscription> Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Array) return [];
        return [.. document.RootElement.EnumerateArray().Select(Parse).Where(s => s.Route is not null || s.Rules.Count > 0)];
    }

    static Subscription Parse(JsonElement entry)
    {
        var rules = new List<RouteRule>();
        var route = Text(entry, "route");
        if (Has(entry, "routes", out var routes) && routes.ValueKind == JsonValueKind.Object)
        {
            route = Text(routes, "default") ?? route;
            if (Has(routes, "rules", out var list) && list.ValueKind == JsonValueKind.Array)
                foreach (var rule in list.EnumerateArray())
                    rules.Add(RouteRule.TryParse(Text(rule, "match") ?? "", Text(rule, "path") ?? "")
                        ?? throw new FormatException($"the route rule '{Text(rule, "match")}' is not of the form event.type == \"...\", the only one this host understands"));
        }
        var batch = 1;
        if (Has(entry, "bulkSubscribe", out var bulk) && bulk.ValueKind == JsonValueKind.Object
            && Has(bulk, "enabled", out var enabled) && enabled.ValueKind == JsonValueKind.True)
            batch = Has(bulk, "maxMessagesCount", out var most) && most.TryGetInt32(out var n) && n > 0 ? n : DefaultBatch;
        var raw = Has(entry, "metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object && Text(metadata, "rawPayload") == "true";
        return new Subscription(Text(entry, "pubsubname") ?? "", Text(entry, "topic") ?? "", rules, route, Text(entry, "deadLetterTopic"), batch, raw);
    }

    static string? Text(JsonElement element, string name) =>
        Has(element, name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>Names in any case, as daprd reads them: the documentation says pubsubname, the official SDK pubsubName.</summary>
    static bool Has(JsonElement element, string name, out JsonElement value)
    {
        value = element.EnumerateObject().FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        return value.ValueKind != JsonValueKind.Undefined;
    }

    /// <summary>The route for an event; null when no rule fits and there is no default.</summary>
    public string? RouteFor(ReadOnlyMemory<byte> cloudEvent)
    {
        if (Rules.Count == 0) return Route;
        using var document = JsonDocument.Parse(cloudEvent);
        return Rules.FirstOrDefault(r => r.Matches(document.RootElement))?.Path ?? Route;
    }
}

/// <summary>The one form of Dapr's CEL rules this host understands: event.attribute == "value".</summary>
sealed partial record RouteRule(string Attribute, string Value, string Path)
{
    [GeneratedRegex("""^\s*event\.(\w+)\s*==\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*$""")]
    private static partial Regex Form { get; }

    public string Match => $"event.{Attribute} == \"{Value}\"";

    public static RouteRule? TryParse(string match, string path) => Form.Match(match) is { Success: true } m && path.Length > 0
        ? new RouteRule(m.Groups[1].Value, m.Groups[2].Success ? m.Groups[2].Value : m.Groups[3].Value, path) : null;

    public bool Matches(JsonElement cloudEvent) =>
        cloudEvent.TryGetProperty(Attribute, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() == Value;
}
