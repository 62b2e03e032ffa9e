using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>What a subscriber tells of a letter that was sent to it again: it is applied.</summary>
public static class SettleDeadLetter
{
    public static async Task<Outcome> Handle(CloudEvent<LetterApplied> e, AnalyticsDb db, CancellationToken ct)
    {
        // A letter that is not there was deleted with all the others.
        if (await db.DeadLetters.SingleOrDefaultAsync(d => d.LetterId == e.Data.LetterId, ct) is { } letter && letter.IsOf(e.Data.Subscriber))
            letter.Applied(e.Data.Subscriber, e.Time);
        return Outcome.Done;
    }
}
