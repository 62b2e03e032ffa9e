using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>An event that nobody could handle, kept until somebody has looked at it, and replayed when asked.</summary>
public sealed class DeadLetterRecord
{
    const int MaxText = 2000;

    public long Id { get; init; }

    /// <summary>Tells a second delivery of the same letter.</summary>
    public required string LetterId { get; init; }
    public required string OriginalTopic { get; init; }
    public string? EventId { get; init; }
    public required string ErrorReason { get; init; }
    public required string ErrorType { get; init; }
    public required int RetryCount { get; init; }
    public required DateTimeOffset Timestamp { get; init; }
    public required string Subscriber { get; init; }

    /// <summary>The original record: JSON as it was, anything else as a JSON string in base64.</summary>
    public required string Payload { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public DateTimeOffset? ReplayedAt { get; private set; }
    public int ReplayCount { get; private set; }

    /// <summary>Only an event can go back: what is no JSON object was never one, and no broker topic of ours is called so, or it is this one.</summary>
    public (string Key, string? Fault) Replayable()
    {
        if (!Topics.All.Contains(OriginalTopic) || OriginalTopic == Topics.DeadLetters)
            return ("", $"'{OriginalTopic}' is no topic to which an event could go back.");
        using var payload = JsonDocument.Parse(Payload);
        if (payload.RootElement.ValueKind is not JsonValueKind.Object)
            return ("", "The record is no event: it could only fail again.");
        return (Text(payload.RootElement, "subject") ?? Text(payload.RootElement, "id") ?? LetterId, null);
    }

    public void Replayed(DateTimeOffset now)
    {
        ReplayedAt = now;
        ReplayCount++;
    }

    /// <summary>A letter as our subscribers write it.</summary>
    public static DeadLetterRecord Of(CloudEvent<DeadLetter> e, DateTimeOffset now) => new()
    {
        LetterId = e.Id,
        OriginalTopic = Clean(e.Data.OriginalTopic),
        EventId = e.Data.EventId is { } id ? Clean(id) : null,
        ErrorReason = Clean(e.Data.ErrorReason),
        ErrorType = Clean(e.Data.ErrorType),
        RetryCount = Math.Max(0, e.Data.RetryCount),
        Timestamp = e.Data.Timestamp,
        Subscriber = Clean(e.Data.Subscriber),
        Payload = AsPayload(Encoding.UTF8.GetBytes(e.Data.Payload.GetRawText())),
        ReceivedAt = now,
    };

    /// <summary>A bare record: the sidecar's backstop copy of what never reached a subscriber, or anybody's bytes.</summary>
    /// <param name="place">Partition and offset, where the broker tells them: the same bytes elsewhere are another letter.</param>
    public static DeadLetterRecord Of(ReadOnlyMemory<byte> record, string? topic, string place, DateTimeOffset now)
    {
        var json = AsJson(record) is { ValueKind: JsonValueKind.Object } read ? read : (JsonElement?)null;
        return new()
        {
            LetterId = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes($"{topic}\n{place}\n"), .. record.Span])),
            // Without the broker's word the envelope's own must do: a record's type is its topic.
            OriginalTopic = Clean(topic is null or Topics.DeadLetters ? (json is { } e ? Text(e, "type") ?? Text(e, "topic") : null) ?? topic ?? "unknown" : topic),
            EventId = json is { } o && Text(o, "id") is { } id ? Clean(id) : null,
            ErrorReason = "delivered to nobody: " + (json is null ? "the record is no event" : "no subscriber took it, or none could be reached"),
            ErrorType = "Undelivered",
            RetryCount = 0,
            Timestamp = now,
            Subscriber = "unknown",
            Payload = AsPayload(record),
            ReceivedAt = now,
        };
    }

    static string AsPayload(ReadOnlyMemory<byte> record) => AsJson(record)?.GetRawText() ?? JsonSerializer.Serialize(Convert.ToBase64String(record.Span));

    /// <summary>Null: no JSON, or nested too deep to be shown inside an answer.</summary>
    static JsonElement? AsJson(ReadOnlyMemory<byte> record)
    {
        try
        {
            using var json = JsonDocument.Parse(record, new() { MaxDepth = 60 });
            return json.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>PostgreSQL takes no NUL, and nobody reads more than this.</summary>
    static string Clean(string text)
    {
        text = text.Replace("\0", "");
        return text.Length <= MaxText ? text : text[..MaxText];
    }
}
