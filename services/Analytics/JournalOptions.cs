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

public static class JournalServices
{
    /// <summary>The journal, and who reads it.</summary>
    public static void AddJournal(this WebApplicationBuilder builder)
    {
        var options = JournalOptions.Of(builder.Configuration);
        builder.Services.AddSingleton(FollowOptions.Of(builder.Configuration));
        builder.Services.AddSingleton(options).AddSingleton<StoryParts>().AddSingleton<ShopQueries>();
        builder.Services.AddSingleton<JournalNews>().AddHostedService(services => services.GetRequiredService<JournalNews>());
        // Also where it is off: what it had kept before goes.
        builder.Services.AddHostedService<PurgeJournal>();
    }
}
