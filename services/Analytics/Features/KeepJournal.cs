using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics;

/// <summary>How much the journal keeps.</summary>
/// <param name="Events">How many events; 0: none, the journal is off.</param>
/// <param name="Age">How long an event.</param>
/// <param name="DataAge">How long its data; zero: not at all.</param>
public sealed record JournalOptions(int Events, TimeSpan Age, TimeSpan DataAge)
{
    public bool IsOn => Events > 0;

    public static JournalOptions Of(IConfiguration settings) => new(settings.Int("JOURNAL_EVENTS", 100_000, 0, 100_000_000),
        TimeSpan.FromDays(settings.Int("JOURNAL_DAYS", 14, 1, 3650)), TimeSpan.FromHours(settings.Int("JOURNAL_DATA_HOURS", 24, 0, 87_600)));
}

/// <summary>An event for the journal, and what it says of its order.</summary>
public sealed record Journaled(JournalEntry Entry, ShopOrder? Order);

/// <summary>Keeps every event of the shop for a while, each once.</summary>
public static partial class KeepJournal
{
    /// <summary>The journal, and who reads it.</summary>
    public static void AddJournal(this WebApplicationBuilder builder)
    {
        var options = JournalOptions.Of(builder.Configuration);
        builder.Services.AddSingleton(new FollowOptions(builder.Configuration.Seconds("FOLLOW_HEARTBEAT_SECONDS", 15), builder.Configuration.Int("FOLLOW_MOST", 1000, 1, 100_000)));
        builder.Services.AddSingleton(options).AddSingleton<StoryParts>().AddSingleton<ShopQueries>();
        builder.Services.AddSingleton<JournalNews>().AddHostedService(services => services.GetRequiredService<JournalNews>());
        // Also where it is off: what it had kept before goes.
        builder.Services.AddHostedService<PurgeJournal>();
    }

    /// <returns>Null: the journal is off.</returns>
    public static Journaled? Of<T>(this JournalOptions options, CloudEvent<T> e, JsonElement envelope, DateTimeOffset now) where T : IEvent =>
        options.IsOn ? new(JournalEntry.Of(e, options.DataAge > TimeSpan.Zero ? envelope : null, now), ShopOrder.Of(e)) : null;

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
