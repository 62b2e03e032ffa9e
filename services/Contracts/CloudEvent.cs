using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ecom.Contracts;

/// <summary>A fact that may travel on a topic.</summary>
public interface IEvent
{
    static abstract string Topic { get; }

    /// <summary>The aggregate's id: CloudEvents <c>subject</c> and record key, so that one aggregate's events keep their order.</summary>
    string Key { get; }

    /// <summary>What is wrong with the values, in plain words, or null.</summary>
    string? Fault();
}

/// <summary>A fact about an order: its log lines carry the order's id.</summary>
public interface IAboutOrder : IEvent
{
    string? OrderId { get; }
}

/// <summary>
/// The envelope: CloudEvents 1.0 in JSON (https://github.com/cloudevents/spec) with the extension attributes
/// <c>correlationid</c> (one per checkout, through the whole saga), <c>causationid</c> (the event that led to this one)
/// and <c>traceparent</c> (W3C trace context).
/// </summary>
public sealed record CloudEvent<T>(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("source")] string Source,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("time")] DateTimeOffset Time,
    [property: JsonPropertyName("data")] T Data,
    [property: JsonPropertyName("subject")] string? Subject = null,
    [property: JsonPropertyName("correlationid")] string? CorrelationId = null,
    [property: JsonPropertyName("causationid")] string? CausationId = null,
    [property: JsonPropertyName("traceparent")] string? TraceParent = null,
    [property: JsonPropertyName("specversion")] string SpecVersion = "1.0",
    [property: JsonPropertyName("datacontenttype")] string DataContentType = "application/json")
{
    public const string ContentType = "application/cloudevents+json";

    /// <summary>Dapr's older name of <see cref="TraceParent"/>. Without it a sidecar that publishes the event writes its own call's trace over both.</summary>
    [JsonPropertyName("traceid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId => TraceParent;
}

public static class CloudEvent
{
    /// <summary>A new fact with a new id.</summary>
    public static CloudEvent<T> New<T>(T data, string source, DateTimeOffset time, string? correlationId, string? causationId, string? traceParent) where T : IEvent
    {
        var id = Ids.NewEvent();
        return new(id, source, T.Topic, time.ToUniversalTime(), data, data.Key, correlationId ?? id, causationId, traceParent);
    }

    /// <summary>Reads an event and says what is wrong with it, if anything. Exactly one of the two results is null.</summary>
    public static (CloudEvent<T>? Event, string? Fault) Parse<T>(ReadOnlySpan<byte> json) where T : class, IEvent
    {
        CloudEvent<T>? e;
        try
        {
            e = JsonSerializer.Deserialize<CloudEvent<T>>(json, Json.Options);
        }
        catch (JsonException x)
        {
            return (null, $"not a readable {T.Topic} event: {x.Message}");
        }
        var fault = e switch
        {
            null => "the event is null",
            // The serializer cannot see that a generic member must not be null.
            { Data: null } => "data must not be null",
            { SpecVersion: not "1.0" } => $"specversion must be 1.0, not '{e.SpecVersion}'",
            { Type: var type } when type != T.Topic => $"an event of type '{type}' does not belong on {T.Topic}",
            { Id: { Length: 0 or > 100 } } => "id must be 1 to 100 characters",
            _ => Check.Text("id", e.Id) ?? Check.Text("correlationid", e.CorrelationId) ?? e.Data.Fault(),
        };
        return fault is null ? (e, null) : (null, fault);
    }
}
