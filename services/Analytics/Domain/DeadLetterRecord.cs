using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>OPEN: it waits for an operator, new or failed again. REPLAYING: it was sent again, and nobody has said yet what became of it.</summary>
public enum DeadLetterStatus { OPEN, REPLAYING, APPLIED, DISCARDED }

/// <summary>An event that a subscriber could not handle, kept for good, and sent to it again when asked.</summary>
public sealed class DeadLetterRecord
{
    /// <summary>The subscriber of a letter that the sidecar wrote: it does not say whose.</summary>
    public const string Unknown = "unknown";
    const int MaxText = 2000;

    /// <summary>Who has not answered a replay by then is asked again: it may be one that never tells.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public long Id { get; init; }

    /// <summary>Tells a second delivery of the same letter.</summary>
    public required string LetterId { get; init; }
    public required string OriginalTopic { get; init; }
    public string? EventId { get; init; }
    public required string ErrorReason { get; set; }
    public required string ErrorType { get; set; }

    /// <summary>The tries of its last delivery.</summary>
    public required int RetryCount { get; set; }

    /// <summary>When it failed last.</summary>
    public required DateTimeOffset Timestamp { get; set; }
    public required string Subscriber { get; set; }

    /// <summary>The original record: JSON as it was, anything else as a JSON string in base64.</summary>
    public required string Payload { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public DateTimeOffset? ReplayedAt { get; private set; }
    public int ReplayCount { get; private set; }

    public DeadLetterStatus Status { get; private set; }

    /// <summary>How often a delivery of it ended among the dead letters: the first, and each replay that failed.</summary>
    public int Failures { get; private set; } = 1;

    /// <summary>When it was applied or discarded.</summary>
    public DateTimeOffset? SettledAt { get; private set; }

    /// <summary>Asked for twice it goes once: not while its last replay is on its way, and never when it is settled.</summary>
    public bool MayGo(DateTimeOffset now) => Status is DeadLetterStatus.OPEN || Status is DeadLetterStatus.REPLAYING && ReplayedAt < now - Patience;

    /// <summary>Only an event can go back: what is no JSON object was never one, and no broker topic of ours is called so, or it is this one.</summary>
    public (string Key, string Record, string? Fault) Replay()
    {
        if (!Topics.All.Contains(OriginalTopic) || OriginalTopic == Topics.DeadLetters)
            return ("", "", $"'{OriginalTopic}' is no topic to which an event could go back.");
        using var payload = JsonDocument.Parse(Payload);
        if (payload.RootElement.ValueKind is not JsonValueKind.Object)
            return ("", "", "The record is no event: it could only fail again.");
        var record = new Replay(LetterId, Subscriber is Unknown ? null : Subscriber).Address(payload.RootElement);
        return (Json.Text(payload.RootElement, "subject") ?? Json.Text(payload.RootElement, "id") ?? LetterId, record, null);
    }

    public void Replayed(DateTimeOffset now) => (Status, ReplayedAt, ReplayCount) = (DeadLetterStatus.REPLAYING, now, ReplayCount + 1);

    /// <summary>Whether it is this subscriber's: where nobody knew who failed, it is who says so.</summary>
    public bool IsOf(string subscriber) => Subscriber == subscriber || Subscriber is Unknown || subscriber is Unknown;

    /// <summary>The replay has come back. Told twice it counts once.</summary>
    public void FailedAgain(DeadLetterRecord letter)
    {
        if (Status is not DeadLetterStatus.REPLAYING || letter.Timestamp <= Timestamp)
            return;
        (Status, Failures, Timestamp) = (DeadLetterStatus.OPEN, Failures + 1, letter.Timestamp);
        (ErrorReason, ErrorType, RetryCount) = (letter.ErrorReason, letter.ErrorType, letter.RetryCount);
        if (Subscriber is Unknown)
            Subscriber = letter.Subscriber;
    }

    public void Applied(string subscriber, DateTimeOffset at) => (Status, Subscriber, SettledAt) = (DeadLetterStatus.APPLIED, subscriber, at);

    /// <summary>A letter as our subscribers write it.</summary>
    public static DeadLetterRecord Of(CloudEvent<DeadLetter> e, DateTimeOffset now) => new()
    {
        LetterId = e.Id,
        OriginalTopic = Clean(e.Data.OriginalTopic),
        EventId = e.Data.EventId is { } id ? Clean(id) : null,
        ErrorReason = Clean(e.Data.ErrorReason),
        ErrorType = Clean(e.Data.ErrorType),
        RetryCount = Math.Max(0, e.Data.RetryCount),
        // As exact as PostgreSQL keeps it, so that the same letter is not newer than itself.
        Timestamp = e.Data.Timestamp.AddTicks(-(e.Data.Timestamp.Ticks % TimeSpan.TicksPerMicrosecond)),
        Subscriber = Clean(e.Data.Subscriber),
        Payload = Json.Record(Encoding.UTF8.GetBytes(e.Data.Payload.GetRawText())).GetRawText(),
        ReceivedAt = now,
    };

    /// <summary>A bare record: the sidecar's backstop copy of what never reached a subscriber, or anybody's bytes.</summary>
    /// <param name="place">Partition and offset, where the broker tells them: the same bytes elsewhere are another letter.</param>
    public static DeadLetterRecord Of(ReadOnlyMemory<byte> record, string? topic, string place, DateTimeOffset now)
    {
        var payload = Json.Record(record.Span);
        var json = payload.ValueKind is JsonValueKind.Object ? payload : (JsonElement?)null;
        return new()
        {
            LetterId = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes($"{topic}\n{place}\n"), .. record.Span])),
            // Without the broker's word the envelope's own must do: a record's type is its topic.
            OriginalTopic = Clean(topic is null or Topics.DeadLetters ? (json is { } e ? Json.Text(e, "type") ?? Json.Text(e, "topic") : null) ?? topic ?? "unknown" : topic),
            EventId = json is { } o && Json.Text(o, "id") is { } id ? Clean(id) : null,
            ErrorReason = "delivered to nobody: " + (json is null ? "the record is no event" : "no subscriber took it, or none could be reached"),
            ErrorType = "Undelivered",
            RetryCount = 0,
            Timestamp = now,
            Subscriber = Unknown,
            Payload = payload.GetRawText(),
            ReceivedAt = now,
        };
    }

    /// <summary>PostgreSQL takes no NUL, and nobody reads more than this.</summary>
    static string Clean(string text)
    {
        text = text.Replace("\0", "");
        return text.Length <= MaxText ? text : text[..MaxText];
    }
}
