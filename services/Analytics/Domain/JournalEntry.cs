using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>An event of the shop as the journal keeps it. Its id is unique with its source.</summary>
public sealed class JournalEntry
{
    /// <summary>What is larger is not kept.</summary>
    const int MostData = 16 * 1024;
    const int MostText = 200;

    /// <summary>In the order of arrival.</summary>
    public long Id { get; init; }
    public required string EventId { get; init; }
    public required string Source { get; init; }
    public required string Topic { get; init; }
    public required DateTimeOffset Time { get; init; }
    public string? Key { get; init; }
    public string? OrderId { get; init; }
    public string? UserId { get; init; }
    public string? CorrelationId { get; init; }

    /// <summary>The id of the event that led to this one.</summary>
    public string? CauseId { get; init; }
    public string? TraceParent { get; init; }

    /// <summary>One line for people.</summary>
    public required string Summary { get; init; }

    /// <summary>The event's data (JSON) while it is young.</summary>
    public string? Data { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <param name="withData">Whether its data is kept.</param>
    public static JournalEntry Of<T>(CloudEvent<T> e, bool withData, DateTimeOffset now) where T : IEvent => new()
    {
        EventId = Clean(e.Id)!,
        Source = Clean(e.Source)!,
        Topic = T.Topic,
        Time = Exact(e.Time),
        Key = Clean(e.Subject),
        OrderId = (e.Data as IAboutOrder)?.OrderId,
        UserId = Summaries.UserOf(e.Data),
        CorrelationId = Clean(e.CorrelationId),
        CauseId = Clean(e.CausationId),
        TraceParent = Clean(e.TraceParent),
        Summary = Summaries.Of(e.Data),
        Data = withData ? DataOf(e.Data) : null,
        ReceivedAt = now,
    };

    /// <summary>A dead letter; its record is kept with the letter itself.</summary>
    public static JournalEntry Of(DeadLetterRecord letter, JsonElement record, string source, string? correlationId) => new()
    {
        EventId = letter.LetterId,
        Source = Clean(source)!,
        Topic = Topics.DeadLetters,
        Time = letter.Timestamp,
        Key = letter.EventId ?? letter.OriginalTopic,
        OrderId = IdIn(record, "order_id"),
        UserId = IdIn(record, "user_id"),
        CorrelationId = Clean(correlationId),
        CauseId = letter.EventId,
        TraceParent = Clean(Json.Text(record, "traceparent")),
        Summary = $"{letter.Subscriber} could not handle {letter.OriginalTopic}: {letter.ErrorReason}",
        ReceivedAt = letter.ReceivedAt,
    };

    /// <summary>As exact as PostgreSQL keeps it: what is told of one moment in two ways is of the same.</summary>
    public static DateTimeOffset Exact(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));

    /// <summary>The trace's id out of its <c>traceparent</c>; null: there is none.</summary>
    public static string? TraceOf(string? traceParent) => traceParent?.Split('-') is [_, { Length: 32 } trace, ..] ? trace : null;

    /// <summary>The customer's address is notification-service's to keep.</summary>
    static string? DataOf<T>(T data)
    {
        var json = data is NotificationSend mail ? JsonSerializer.Serialize(mail with { RecipientEmail = "" }, Json.Options) : JsonSerializer.Serialize(data, Json.Options);
        return json.Length <= MostData ? json : null;
    }

    /// <summary>Anybody's bytes: JSON may escape half a character, also in a name.</summary>
    static string? IdIn(JsonElement record, string name)
    {
        try
        {
            return record.ValueKind is JsonValueKind.Object && record.TryGetProperty("data", out var data) && Json.Text(data, name) is { } id && Ids.IsValid(id) ? id : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>PostgreSQL takes no NUL, and an index no long text.</summary>
    static string? Clean(string? text) => text is null ? null : text.Replace("\0", "") is { Length: > MostText } most ? most[..MostText] : text.Replace("\0", "");
}
