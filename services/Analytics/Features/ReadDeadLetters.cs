using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>Which letters: of a topic, of a subscriber, with these words in the reason, failed since.</summary>
public sealed record LetterFilter(string? Topic = null, string? Subscriber = null, string? Reason = null, DateTimeOffset? Since = null)
{
    public string? Fault() => Check.First(Check.Text("topic", Topic), Check.Text("subscriber", Subscriber), Check.Text("reason", Reason)) is { } fault ? fault + "." : null;

    public IQueryable<DeadLetterRecord> Of(AnalyticsDb db)
    {
        var since = Since?.ToUniversalTime();
        return db.DeadLetters.Where(d => (Topic == null || d.OriginalTopic == Topic) && (Subscriber == null || d.Subscriber == Subscriber)
            && (Reason == null || d.ErrorReason.Contains(Reason)) && (since == null || d.Timestamp >= since));
    }
}

public sealed record DeadLetterResponse(long Id, string OriginalTopic, string? EventId, string ErrorReason, string ErrorType, int RetryCount, DateTimeOffset Timestamp, string Subscriber,
    JsonElement Payload, DateTimeOffset ReceivedAt, DateTimeOffset? ReplayedAt, int ReplayCount, string Status, int Failures, DateTimeOffset? SettledAt);

public sealed record DeadLetterPage(IReadOnlyList<DeadLetterResponse> DeadLetters, int TotalDeadLetters, int Limit, int Offset);

public static class ReadDeadLetters
{
    public static async Task<Results<Ok<DeadLetterPage>, ProblemHttpResult>> Page([AsParameters] LetterFilter filter, AnalyticsDb db, CancellationToken ct, string? status = null, int limit = 20, int offset = 0)
    {
        if (limit is < 1 or > 100 || offset < 0)
            return Problems.Refused("limit must be 1 to 100, offset 0 or more.");
        if (filter.Fault() is { } fault)
            return Problems.Refused(fault);
        if (status is not null && !Enum.GetNames<DeadLetterStatus>().Contains(status))
            return Problems.Refused($"status must be one of {string.Join(", ", Enum.GetNames<DeadLetterStatus>())}.");
        var all = filter.Of(db).AsNoTracking();
        if (status is not null)
        {
            var wanted = Enum.Parse<DeadLetterStatus>(status);
            all = all.Where(d => d.Status == wanted);
        }
        var page = await all.OrderByDescending(d => d.Id).Skip(offset).Take(limit).ToListAsync(ct);
        return TypedResults.Ok(new DeadLetterPage([.. page.Select(ToResponse)], await all.CountAsync(ct), limit, offset));
    }

    public static async Task<Results<Ok<DeadLetterResponse>, ProblemHttpResult>> One(long id, AnalyticsDb db, CancellationToken ct) =>
        await db.DeadLetters.AsNoTracking().SingleOrDefaultAsync(d => d.Id == id, ct) is { } letter
            ? TypedResults.Ok(ToResponse(letter))
            : Problems.NotFound($"There is no dead letter {id}.");

    static DeadLetterResponse ToResponse(DeadLetterRecord d)
    {
        using var payload = JsonDocument.Parse(d.Payload);
        return new(d.Id, d.OriginalTopic, d.EventId, d.ErrorReason, d.ErrorType, d.RetryCount, d.Timestamp, d.Subscriber, payload.RootElement.Clone(), d.ReceivedAt, d.ReplayedAt, d.ReplayCount,
            d.Status.ToString(), d.Failures, d.SettledAt);
    }
}
