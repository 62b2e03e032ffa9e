using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>An order's events as they lie on Kafka, held against the envelope that every event must have.</summary>
sealed partial class Story
{
    readonly Dictionary<string, (KafkaRecord Record, JsonElement Envelope)> events;

    Story(Dictionary<string, (KafkaRecord, JsonElement)> events) => this.events = events;

    public IEnumerable<string> Topics => events.Keys;

    public static Story Of(KafkaCluster kafka, string orderId)
    {
        var found = kafka.Read([.. Contracts.Topics.All])
            .Select(record => (Record: record, Envelope: Parse(record.Value)))
            .Where(e => e.Envelope.ValueKind is JsonValueKind.Object && e.Envelope.TryGetProperty("data", out var data) && data.TryGetProperty("order_id", out var id) && id.GetString() == orderId);
        // An event may come to the broker twice, with one id.
        return new(found.DistinctBy(e => e.Envelope.GetProperty("id").GetString()).ToDictionary(e => e.Record.Topic));
    }

    public JsonElement Data(string topic) => events[topic].Envelope.GetProperty("data");

    public string Id(string topic) => events[topic].Envelope.GetProperty("id").GetString()!;

    public void ShouldBe(string topic, string source, string key, string? causedBy)
    {
        events.ShouldContainKey(topic);
        var (record, envelope) = events[topic];
        record.Key.ShouldBe(key);
        string Attribute(string name) => envelope.GetProperty(name).GetString()!;
        Attribute("specversion").ShouldBe("1.0");
        Attribute("type").ShouldBe(topic);
        Attribute("source").ShouldBe(source);
        Attribute("subject").ShouldBe(key);
        Attribute("datacontenttype").ShouldBe("application/json");
        Guid.Parse(Attribute("id")).Version.ShouldBe(7);
        DateTimeOffset.Parse(Attribute("time"), CultureInfo.InvariantCulture).Offset.ShouldBe(TimeSpan.Zero);
        Attribute("correlationid").ShouldBe(CorrelationId);
        if (causedBy is not null)
            Attribute("causationid").ShouldBe(Id(causedBy));
        Attribute("traceparent").ShouldMatch(TraceParent().ToString());
    }

    string CorrelationId => events[Contracts.Topics.CheckoutInitiated].Envelope.GetProperty("correlationid").GetString()!;

    static JsonElement Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(json);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    [GeneratedRegex("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]
    private static partial Regex TraceParent();
}
