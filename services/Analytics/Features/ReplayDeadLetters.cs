using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>What a replay did; skipped are records that are no events.</summary>
public sealed record ReplayResponse(int Replayed, int Skipped);

/// <summary>Sends the original record back to its topic, with its own id: who has applied it passes it over, who failed tries again.</summary>
public static class ReplayDeadLetters
{
    const int AtOnce = 200;

    public static async Task<Results<Accepted<ReplayResponse>, ProblemHttpResult>> One(long id, AnalyticsDb db, TimeProvider clock, CancellationToken ct)
    {
        string? fault = null;
        var found = await db.InTransaction(async () =>
        {
            if (await db.DeadLetters.SingleOrDefaultAsync(d => d.Id == id, ct) is not { } letter)
                return false;
            fault = Send(db, letter, clock.GetUtcNow());
            return true;
        }, ct);
        return (found, fault) switch
        {
            (false, _) => Problems.NotFound($"There is no dead letter {id}."),
            (_, { }) => Problems.Refused(fault),
            _ => TypedResults.Accepted("/dead-letters", new ReplayResponse(1, 0)),
        };
    }

    /// <summary>All that were not replayed yet, the oldest first, in several transactions: what fails again comes back as a new letter and is not taken twice.</summary>
    public static async Task<Accepted<ReplayResponse>> All(AnalyticsDb db, TimeProvider clock, CancellationToken ct)
    {
        var (replayed, skipped, after, last) = (0, 0, 0L, await db.DeadLetters.MaxAsync(d => (long?)d.Id, ct) ?? 0);
        while (after < last)
            await db.InTransaction(async () =>
            {
                var letters = await db.DeadLetters.Where(d => d.Id > after && d.Id <= last && d.ReplayedAt == null).OrderBy(d => d.Id).Take(AtOnce).ToListAsync(ct);
                var sent = letters.Count(letter => Send(db, letter, clock.GetUtcNow()) is null);
                (replayed, skipped, after) = (replayed + sent, skipped + letters.Count - sent, letters.Count < AtOnce ? last : letters[^1].Id);
            }, ct);
        return TypedResults.Accepted("/dead-letters", new ReplayResponse(replayed, skipped));
    }

    static string? Send(AnalyticsDb db, DeadLetterRecord letter, DateTimeOffset now)
    {
        var (key, fault) = letter.Replayable();
        if (fault is not null)
            return fault;
        letter.Replayed(now);
        db.Send(letter.OriginalTopic, key, letter.EventId ?? letter.LetterId, letter.Payload, now);
        return null;
    }
}
