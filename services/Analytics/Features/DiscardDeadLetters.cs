using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

public sealed record DiscardResponse(int Discarded);

/// <summary>An operator has looked at a letter, and nothing is to come of it. It is kept for the books, and never sent again.</summary>
public static class DiscardDeadLetters
{
    public static async Task<Results<Ok<DiscardResponse>, ProblemHttpResult>> One(long id, AnalyticsDb db, TimeProvider clock, CancellationToken ct) =>
        await Discard(db.DeadLetters.Where(d => d.Id == id && (d.Status == DeadLetterStatus.OPEN || d.Status == DeadLetterStatus.REPLAYING)), db, clock, ct) switch
        {
            0 when !await db.DeadLetters.AnyAsync(d => d.Id == id, ct) => Problems.NotFound($"There is no dead letter {id}."),
            0 when await db.DeadLetters.AnyAsync(d => d.Id == id && d.Status == DeadLetterStatus.APPLIED, ct) => Problems.Conflict($"The dead letter {id} is applied."),
            var count => TypedResults.Ok(new DiscardResponse(count)),
        };

    /// <summary>All that are open: of what was sent again, nobody knows yet.</summary>
    public static async Task<Results<Ok<DiscardResponse>, ProblemHttpResult>> All([AsParameters] LetterFilter filter, AnalyticsDb db, TimeProvider clock, CancellationToken ct) =>
        filter.Fault() is { } fault
            ? Problems.Refused(fault)
            : TypedResults.Ok(new DiscardResponse(await Discard(filter.Of(db).Where(d => d.Status == DeadLetterStatus.OPEN), db, clock, ct)));

    static async Task<int> Discard(IQueryable<DeadLetterRecord> letters, AnalyticsDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        using (await db.WritersTurn(ct))
            return await letters.ExecuteUpdateAsync(set => set.SetProperty(d => d.Status, DeadLetterStatus.DISCARDED).SetProperty(d => d.SettledAt, now), ct);
    }
}
