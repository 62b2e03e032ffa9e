using System.Text.Json;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

public sealed record DeadLetterResponse(long Id, string OriginalTopic, string? EventId, string ErrorReason, string ErrorType, int RetryCount, DateTimeOffset Timestamp, string Subscriber,
    JsonElement Payload, DateTimeOffset ReceivedAt, DateTimeOffset? ReplayedAt, int ReplayCount);

public sealed record DeadLetterPage(IReadOnlyList<DeadLetterResponse> DeadLetters, int TotalDeadLetters, int Limit, int Offset);

public static class ReadDeadLetters
{
    public static async Task<Results<Ok<DeadLetterPage>, ProblemHttpResult>> Page(AnalyticsDb db, CancellationToken ct, string? topic = null, int limit = 20, int offset = 0)
    {
        if (limit is < 1 or > 100 || offset < 0)
            return Problems.Refused("limit must be 1 to 100, offset 0 or more.");
        var all = db.DeadLetters.AsNoTracking().Where(d => topic == null || d.OriginalTopic == topic);
        var page = await all.OrderByDescending(d => d.Id).Skip(offset).Take(limit).ToListAsync(ct);
        return TypedResults.Ok(new DeadLetterPage([.. page.Select(ToResponse)], await all.CountAsync(ct), limit, offset));
    }

    static DeadLetterResponse ToResponse(DeadLetterRecord d)
    {
        using var payload = JsonDocument.Parse(d.Payload);
        return new(d.Id, d.OriginalTopic, d.EventId, d.ErrorReason, d.ErrorType, d.RetryCount, d.Timestamp, d.Subscriber, payload.RootElement.Clone(), d.ReceivedAt, d.ReplayedAt, d.ReplayCount);
    }
}
