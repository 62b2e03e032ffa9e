using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>How many were sent; skipped are records that are no events. What became of each, its letter tells.</summary>
public sealed record ReplayResponse(int Replayed, int Skipped);

/// <summary>
/// Sends the original record back to its topic, with its own id, for the subscriber that failed: everybody else passes it over
/// (<see cref="Contracts.Replay"/>).
/// </summary>
public static class ReplayDeadLetters
{
    const int AtOnce = 200;

    public static async Task<Results<Accepted<ReplayResponse>, ProblemHttpResult>> One(long id, AnalyticsDb db, TimeProvider clock, CancellationToken ct)
    {
        DeadLetterRecord? letter = null;
        string? fault = null;
        var isSent = await Once(db, async () =>
        {
            var now = clock.GetUtcNow();
            letter = await db.DeadLetters.SingleOrDefaultAsync(d => d.Id == id, ct);
            return letter?.MayGo(now) == true && (fault = Send(db, letter, now)) is null;
        }, ct);
        return (letter, fault) switch
        {
            (null, _) => Problems.NotFound($"There is no dead letter {id}."),
            ({ Status: DeadLetterStatus.DISCARDED }, _) => Problems.Conflict($"The dead letter {id} is discarded."),
            (_, { }) => Problems.Refused(fault),
            _ => TypedResults.Accepted($"/dead-letters/{id}", new ReplayResponse(isSent ? 1 : 0, 0)),
        };
    }

    /// <summary>All that are open, the oldest first, in several transactions: what fails again meanwhile is not taken twice.</summary>
    public static async Task<Results<Accepted<ReplayResponse>, ProblemHttpResult>> All([AsParameters] LetterFilter filter, AnalyticsDb db, TimeProvider clock, CancellationToken ct)
    {
        if (filter.Fault() is { } wrong)
            return Problems.Refused(wrong);
        var (replayed, skipped, after, last) = (0, 0, 0L, await db.DeadLetters.MaxAsync(d => (long?)d.Id, ct));
        List<DeadLetterRecord> letters = [];
        do
        {
            var sent = 0;
            await Once(db, async () =>
            {
                letters = await filter.Of(db).Where(d => d.Status == DeadLetterStatus.OPEN && d.Id > after && d.Id <= last).OrderBy(d => d.Id).Take(AtOnce).ToListAsync(ct);
                sent = letters.Count(letter => Send(db, letter, clock.GetUtcNow()) is null);
                return true;
            }, ct);
            (replayed, skipped, after) = (replayed + sent, skipped + letters.Count - sent, letters.LastOrDefault()?.Id ?? after);
        }
        while (letters.Count == AtOnce);
        return TypedResults.Accepted("/dead-letters", new ReplayResponse(replayed, skipped));
    }

    /// <summary>Of two who take the same letter at once the later looks again, and finds that it is gone.</summary>
    static async Task<bool> Once(AnalyticsDb db, Func<Task<bool>> work, CancellationToken ct)
    {
        while (true)
        {
            db.ChangeTracker.Clear();
            try
            {
                return await db.InTransaction(work, ct);
            }
            catch (DbUpdateConcurrencyException)
            {
                // It is found as the other left it.
            }
        }
    }

    static string? Send(AnalyticsDb db, DeadLetterRecord letter, DateTimeOffset now)
    {
        var (key, record, fault) = letter.Replay();
        if (fault is not null)
            return fault;
        letter.Replayed(now);
        db.Send(letter.OriginalTopic, key, letter.EventId ?? letter.LetterId, record, now);
        return null;
    }
}
