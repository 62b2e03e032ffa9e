using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>
/// Keeps whatever lands on dlq.events. Nothing is refused here: a record that is no letter of ours becomes a row that says so.
/// Only a database that is away makes the sidecar wait.
/// </summary>
public static partial class KeepDeadLetter
{
    /// <param name="compute">Null: Spark counts the shop's events.</param>
    public static async Task<bool> Handle(Delivery delivery, AnalyticsDb db, TimeProvider clock, ILogger<DeadLetterRecord> log, CancellationToken ct, ComputeAnalytics? compute = null)
    {
        var now = clock.GetUtcNow();
        var record = Unwrap(delivery.Bytes);
        try
        {
            var (e, _) = CloudEvent.Parse<DeadLetter>(record.Span);
            var letter = e is not null ? DeadLetterRecord.Of(e, now) : Bare(delivery.Headers, record, now);
            if (await Keep(db, letter, ct))
                LogKept(log, letter.OriginalTopic, letter.ErrorReason);
            // It is one of the shop's events, too.
            return e is null || compute is null || e.Time > now + AnalyticsRules.Ahead || await compute.Take([Fact.Of(e)]);
        }
        catch (Exception e) when (Transient.Is(e) || ct.IsCancellationRequested)
        {
            LogAway(log, e.GetBaseException().Message);
            return false;
        }
        catch (Exception e)
        {
            LogLost(log, e, Convert.ToBase64String(record.Span));
            return true;
        }
    }

    static DeadLetterRecord Bare(IHeaderDictionary headers, ReadOnlyMemory<byte> record, DateTimeOffset now) =>
        DeadLetterRecord.Of(record, headers["__topic"].ToString() is { Length: > 0 } topic ? topic : null, $"{headers["__partition"]}/{headers["__offset"]}", now);

    static Task<bool> Keep(AnalyticsDb db, DeadLetterRecord letter, CancellationToken ct) => db.InTransaction(async () =>
    {
        var id = letter.LetterId;
        if (await db.DeadLetters.AnyAsync(d => d.LetterId == id, ct))
            return false;
        db.DeadLetters.Add(letter);
        return true;
    }, ct);

    /// <summary>A raw subscription's bytes arrive in an envelope of the sidecar's own, in base64; an embedded one may hand them over bare.</summary>
    static ReadOnlyMemory<byte> Unwrap(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement is { ValueKind: JsonValueKind.Object } e
                && e.TryGetProperty("type", out var type) && type.ValueEquals("com.dapr.event.sent")
                && e.TryGetProperty("data_base64", out var data) && data.TryGetBytesFromBase64(out var bytes) ? bytes : body;
        }
        catch (Exception x) when (x is JsonException or InvalidOperationException)
        {
            return body;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Dead letter of {Topic}: {Reason}")]
    static partial void LogKept(ILogger log, string topic, string reason);

    [LoggerMessage(LogLevel.Warning, "A dead letter waits for the database: {Reason}")]
    static partial void LogAway(ILogger log, string reason);

    [LoggerMessage(LogLevel.Critical, "A dead letter cannot be kept; it is here only: {Record}")]
    static partial void LogLost(ILogger log, Exception exception, string record);
}
