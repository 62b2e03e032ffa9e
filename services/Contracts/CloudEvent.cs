using System.Globalization;
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
/// <c>correlationid</c> (one per checkout, through the whole saga), <c>causationid</c> (the event that led to this one),
/// <c>traceparent</c> (W3C trace context) and, where a row is told again and better, <c>sequence</c>.
/// </summary>
/// <param name="Sequence">Which version of its row the event tells: see <see cref="CloudEvent.Sequence"/>. Null: it has no versions.</param>
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
    [property: JsonPropertyName("datacontenttype")] string DataContentType = "application/json",
    [property: JsonPropertyName("sequence"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Sequence = null)
{
    public const string ContentType = "application/cloudevents+json";

    /// <summary>Dapr's older name of <see cref="TraceParent"/>. Without it a sidecar that publishes the event writes its own call's trace over both.</summary>
    [JsonPropertyName("traceid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId => TraceParent;

    /// <summary>The version as a number; 0: it has none.</summary>
    [JsonIgnore]
    public long Version => Sequence is null ? 0 : long.Parse(Sequence, NumberStyles.None, CultureInfo.InvariantCulture);
}

public static class CloudEvent
{
    /// <summary>A version of a row as the attribute <c>sequence</c> has it: 20 digits, so that text sorts as numbers do. It is how much the row has counted.</summary>
    public static string Sequence(long version) => version.ToString("D20", CultureInfo.InvariantCulture);

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
            { Sequence: { } sequence } when sequence.Length != 20 || !long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out _) => "sequence must be a number of 20 digits",
            _ => Check.Text("id", e.Id) ?? Check.Text("correlationid", e.CorrelationId) ?? e.Data.Fault(),
        };
        return fault is null ? (e, null) : (null, fault);
    }

    /// <summary>The same for who has a clock: an event that lies <see cref="AnalyticsRules.Ahead"/> of it is none.</summary>
    public static (CloudEvent<T>? Event, string? Fault) Parse<T>(ReadOnlySpan<byte> json, DateTimeOffset now) where T : class, IEvent
    {
        var (e, fault) = Parse<T>(json);
        return e is not null && e.Time > now + AnalyticsRules.Ahead ? (null, $"time lies more than a minute after {now:O}") : (e, fault);
    }
}
