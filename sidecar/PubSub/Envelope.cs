using System.Buffers;
using System.Diagnostics;
using System.Net.Mime;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ecom.Sidecar.PubSub;

/// <summary>What is published, before it has an envelope.</summary>
sealed record Publication(string AppId, string PubSub, string Topic, ReadOnlyMemory<byte> Data, string? ContentType, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>From the publisher's call; a bulk publish fills in no trace, as with daprd.</summary>
    public string? TraceParent { get; init; }
    public string? TraceState { get; init; }
}

/// <summary>CloudEvents as daprd writes them: an own envelope is kept and completed, anything else is wrapped.</summary>
static class Envelope
{
    static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The record to write. Throws FormatException for metadata, JsonException for an envelope that cannot be read.</summary>
    public static Message Wrap(Publication p)
    {
        var key = p.Metadata.GetValueOrDefault("partitionKey") ?? p.Metadata.GetValueOrDefault("__key");
        var expires = Expiry(p.Metadata);
        if (p.Metadata.TryGetValue("rawPayload", out var raw) && ParseFlag(raw)) return new Message(key, p.Data.ToArray(), Raw: true, Headers: Carried(p));
        var data = MediaType(p.ContentType) == "application/cloudevents+json" ? Complete(p, ref expires) : WriteNew(p, expires);
        return new Message(key, data, Expires: expires, Headers: Carried(p));
    }

    /// <summary>What the publisher's metadata leaves on the record, as headers.</summary>
    static Dictionary<string, string>? Carried(Publication p)
    {
        if (p.Metadata.Count == 0 || p.Metadata is { Count: 1 } && p.Metadata.ContainsKey("partitionKey")) return null;
        return p.Metadata.Where(m => m.Key is not ("partitionKey" or "__key" or "rawPayload" or "ttlInSeconds" or "ttl")).ToDictionary() is { Count: > 0 } rest ? rest : null;
    }

    static bool ParseFlag(string text) => text switch
    {
        "1" or "t" or "T" or "TRUE" or "true" or "True" => true,
        "0" or "f" or "F" or "FALSE" or "false" or "False" => false,
        _ => throw new FormatException($"rawPayload value must be a valid boolean: actual is '{text}'"),
    };

    static DateTimeOffset? Expiry(IReadOnlyDictionary<string, string> metadata)
    {
        if ((metadata.GetValueOrDefault("ttlInSeconds") ?? metadata.GetValueOrDefault("ttl")) is not { Length: > 0 } ttl) return null;
        return Config.Durations.TryParse(ttl, out var age) && age > TimeSpan.Zero ? DateTimeOffset.UtcNow + age
            : throw new FormatException($"ttlInSeconds value must be a valid integer: actual is '{ttl}'");
    }

    static string MediaType(string? contentType)
    {
        var text = contentType ?? "";
        var end = text.IndexOf(';');
        return (end < 0 ? text : text[..end]).Trim().ToLowerInvariant();
    }

    /// <summary>
    /// Keeps every byte of an own envelope's values. `topic` and `pubsubname` are set, the
    /// attributes that CloudEvents demands are filled in when they are missing, except the id.
    /// Where `traceid` is missing, `traceparent` counts as missing, too: that is daprd's way.
    /// </summary>
    static byte[] Complete(Publication p, ref DateTimeOffset? expires)
    {
        using var document = JsonDocument.Parse(p.Data);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw new JsonException("a CloudEvent must be a JSON object");
        if (root.TryGetProperty("expiration", out var until) && until.ValueKind == JsonValueKind.String && until.TryGetDateTimeOffset(out var stated)) expires = stated;
        var isTraced = root.TryGetProperty("traceid"u8, out _);
        var buffer = new ArrayBufferWriter<byte>(p.Data.Length + 192);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            foreach (var property in root.EnumerateObject())
                if (!property.NameEquals("topic"u8) && !property.NameEquals("pubsubname"u8) && (isTraced || !property.NameEquals("traceparent"u8))) property.WriteTo(json);
            json.WriteString("topic"u8, p.Topic);
            json.WriteString("pubsubname"u8, p.PubSub);
            Default(root, json, "source", "Dapr");
            Default(root, json, "type", "com.dapr.event.sent");
            Default(root, json, "specversion", "1.0");
            if (!root.TryGetProperty("time"u8, out _)) json.WriteString("time"u8, DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ"));
            if (p.TraceParent is { } trace)
            {
                if (!isTraced)
                {
                    json.WriteString("traceid"u8, trace);
                    json.WriteString("traceparent"u8, trace);
                }
                Default(root, json, "tracestate", p.TraceState ?? "");
            }
            if (expires is { } at && !root.TryGetProperty("expiration"u8, out _)) json.WriteString("expiration"u8, at.UtcDateTime);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void Default(JsonElement root, Utf8JsonWriter json, string name, string value)
    {
        if (!root.TryGetProperty(name, out _)) json.WriteString(name, value);
    }

    static byte[] WriteNew(Publication p, DateTimeOffset? expires)
    {
        var own = p.Metadata.Where(m => m.Key.StartsWith("cloudevent.", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(m => m.Key["cloudevent.".Length..].ToLowerInvariant(), m => m.Value);
        var trace = own.GetValueOrDefault("traceparent") ?? own.GetValueOrDefault("traceid") ?? p.TraceParent ?? "";
        var buffer = new ArrayBufferWriter<byte>(p.Data.Length + 512);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, own.GetValueOrDefault("id") ?? Guid.NewGuid().ToString());
            json.WriteString("specversion"u8, "1.0"u8);
            json.WriteString("type"u8, own.GetValueOrDefault("type") ?? "com.dapr.event.sent");
            json.WriteString("source"u8, own.GetValueOrDefault("source") ?? p.AppId);
            if (own.GetValueOrDefault("subject") is { } subject) json.WriteString("subject"u8, subject);
            json.WriteString("topic"u8, p.Topic);
            json.WriteString("pubsubname"u8, p.PubSub);
            json.WriteString("time"u8, DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:ssK"));
            json.WriteString("datacontenttype"u8, p.ContentType is { Length: > 0 } type ? type : MediaTypeNames.Text.Plain);
            json.WriteString("traceid"u8, own.GetValueOrDefault("traceid") ?? trace);
            json.WriteString("traceparent"u8, trace);
            json.WriteString("tracestate"u8, own.GetValueOrDefault("tracestate") ?? p.TraceState ?? "");
            if (expires is { } at) json.WriteString("expiration"u8, at.UtcDateTime);
            WriteData(p, json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void WriteData(Publication p, Utf8JsonWriter json)
    {
        var media = MediaType(p.ContentType);
        if (media == MediaTypeNames.Application.Octet)
        {
            json.WriteBase64String("data_base64"u8, p.Data.Span);
            return;
        }
        json.WritePropertyName("data"u8);
        if (media == MediaTypeNames.Application.Json && IsJson(p.Data)) json.WriteRawValue(p.Data.Span, skipInputValidation: true);
        else json.WriteStringValue(Encoding.UTF8.GetString(p.Data.Span));
    }

    public static bool IsJson(ReadOnlyMemory<byte> data)
    {
        var reader = new Utf8JsonReader(data.Span);
        try
        {
            while (reader.Read()) { }
            return reader.BytesConsumed > 0 && reader.TokenType != JsonTokenType.None;
        }
        catch (JsonException) { return false; }
    }

    /// <summary>What a subscriber of raw records gets for bytes that came without an envelope.</summary>
    public static byte[] WrapForeign(string pubsub, string topic, byte[] data) =>
        WriteNew(new Publication("Dapr", pubsub, topic, data, MediaTypeNames.Application.Octet, new Dictionary<string, string>()), null);

    /// <summary>The trace a call belongs to, or a new one: an event always carries one.</summary>
    public static string TraceParent(string? fromCall) => fromCall is { Length: 55 } ? fromCall
        : $"00-{ActivityTraceId.CreateRandom().ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-01";
}
