using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>An event for the journal, and what it says of its order.</summary>
public sealed record Journaled(JournalEntry Entry, ShopOrder? Order);

/// <summary>What an event leaves behind: in the journal, in a table, and what is told because of it.</summary>
/// <param name="Bury">Makes a dead letter of it, should the database refuse it; null: it is left out.</param>
public sealed record Kept(Journaled? Entry = null, AnalyticsRow? Row = null, Action? Tell = null, Action<Exception>? Bury = null);

/// <summary>Keeps every event of the shop for a while, each once.</summary>
public static partial class KeepJournal
{
    /// <returns>Null: the journal is off, or it is no event of the shop's own.</returns>
    public static Journaled? Of<T>(this JournalOptions options, CloudEvent<T> e, DateTimeOffset now) where T : IEvent =>
        options.IsOn && FlowRules.Watched.Contains(T.Topic) ? new(JournalEntry.Of(e, options.DataAge > TimeSpan.Zero, now), ShopOrder.Of(e)) : null;

    /// <summary>Keeps what a call of the sidecar brought, in one round trip, and wakes who shows it. What the database refuses is found one by one, and hurts nobody else.</summary>
    /// <returns>False: the database is away, bring them again.</returns>
    public static async Task<bool> TryKeep(this AnalyticsDb db, IReadOnlyList<Kept> all, JournalNews news, ILogger log, CancellationToken ct)
    {
        var (entries, rows) = (all.Select(kept => kept.Entry).OfType<Journaled>().ToList(), all.Select(kept => kept.Row).OfType<AnalyticsRow>().ToList());
        try
        {
            if (!all.Any(kept => kept.Tell is not null))
                await db.Keep(entries, rows, ct);
            else
                await db.InTransaction(async () =>
                {
                    foreach (var kept in all)
                        kept.Tell?.Invoke();
                    await db.Keep(entries, rows, ct);
                }, ct);
            news.Tell(entries, rows);
            return true;
        }
        catch (Exception e) when (Transient.Is(e) || ct.IsCancellationRequested)
        {
            LogAway(log, e.GetBaseException().Message);
            return false;
        }
        catch (Exception e)
        {
            db.ChangeTracker.Clear();
            if (all.Count > 1)
                return await OneByOne(db, all, news, log, ct);
            LogRefused(log, e, all[0].Entry?.Entry.EventId);
            return all[0].Bury is not { } bury || await db.TryKeep([new(Tell: () => bury(e))], news, log, ct);
        }
    }

    static async Task<bool> OneByOne(AnalyticsDb db, IReadOnlyList<Kept> all, JournalNews news, ILogger log, CancellationToken ct)
    {
        foreach (var kept in all)
            if (!await db.TryKeep([kept], news, log, ct))
                return false;
        return true;
    }

    [LoggerMessage(LogLevel.Error, "The database refuses the event {EventId}")]
    static partial void LogRefused(ILogger log, Exception e, string? eventId);

    [LoggerMessage(LogLevel.Warning, "The journal and the tables wait for the database: {Reason}")]
    static partial void LogAway(ILogger log, string reason);
}
