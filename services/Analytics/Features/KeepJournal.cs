using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>An event for the journal, and what it says of its order.</summary>
public sealed record Journaled(JournalEntry Entry, ShopOrder? Order);

/// <summary>Keeps every event of the shop for a while, each once.</summary>
public static partial class KeepJournal
{
    /// <returns>Null: the journal is off.</returns>
    public static Journaled? Of<T>(this JournalOptions options, CloudEvent<T> e, DateTimeOffset now) where T : IEvent =>
        options.IsOn ? new(JournalEntry.Of(e, options.DataAge > TimeSpan.Zero, now), ShopOrder.Of(e)) : null;

    /// <summary>Keeps them, and with them what else there is to be told, and wakes who shows them.</summary>
    /// <returns>False: the database is away, bring them again.</returns>
    public static async Task<bool> TryKeep(
        this AnalyticsDb db, IReadOnlyCollection<Journaled> entries, IReadOnlyCollection<AnalyticsRow> rows, IReadOnlyCollection<Action> others, JournalNews news, ILogger log, CancellationToken ct)
    {
        try
        {
            if (others.Count == 0)
                await db.Keep(entries, rows, ct);
            else
                await db.InTransaction(async () =>
                {
                    foreach (var tell in others)
                        tell();
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
    }

    [LoggerMessage(LogLevel.Warning, "The journal and the tables wait for the database: {Reason}")]
    static partial void LogAway(ILogger log, string reason);
}
