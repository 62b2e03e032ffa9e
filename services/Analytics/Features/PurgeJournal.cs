using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>Keeps the journal within its bounds: first the data goes, then the event, and with an order's last event the order.</summary>
public sealed class PurgeJournal(IServiceScopeFactory scopes, JournalOptions options, TimeProvider clock, ILogger<PurgeJournal> log) : PeriodicService(TimeSpan.FromMinutes(1), clock)
{
    /// <summary>Not more at once: under SQLite nobody else writes meanwhile.</summary>
    const int AtOnce = 5_000;

    /// <summary>What is before has no data any more.</summary>
    long firstWithData;

    protected override async Task Work(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AnalyticsDb>();
        var now = Clock.GetUtcNow();
        var (before, dataBefore) = (now - options.Age, now - options.DataAge);
        var last = await db.Journal.MaxAsync(e => (long?)e.Id, ct) ?? 0;
        // By rank: PostgreSQL's ids have holes, one for each event that came twice.
        var tooMany = await db.Journal.OrderByDescending(e => e.Id).Skip(options.Events).Select(e => (long?)e.Id).FirstOrDefaultAsync(ct) ?? 0;
        var first = Math.Max(tooMany + 1, await FirstSince(db, before, 0, ct) ?? last + 1);
        var dataFrom = await FirstSince(db, dataBefore, firstWithData, ct) ?? last + 1;
        await Repeat(db, () => db.Journal.Where(e => e.Id < first).OrderBy(e => e.Id).Take(AtOnce).ExecuteDeleteAsync(ct), ct);
        await Repeat(db, () => db.Journal.Where(e => e.Id >= firstWithData && e.Id < dataFrom && e.Data != null).OrderBy(e => e.Id).Take(AtOnce).ExecuteUpdateAsync(set => set.SetProperty(e => e.Data, (string?)null), ct), ct);
        firstWithData = dataFrom;
        await Repeat(db, () => db.Orders.OrderBy(o => o.UpdatedAt).Take(AtOnce).Where(o => !db.Journal.Any(e => e.OrderId == o.OrderId)).ExecuteDeleteAsync(ct), ct);
    }

    protected override void Failed(Exception e) => log.LogWarning("The journal is larger than it should be for now: {Reason}", e.GetBaseException().Message);

    /// <summary>Ids grow with the time of arrival.</summary>
    static Task<long?> FirstSince(AnalyticsDb db, DateTimeOffset time, long from, CancellationToken ct) =>
        db.Journal.Where(e => e.Id >= from && e.ReceivedAt >= time).OrderBy(e => e.Id).Select(e => (long?)e.Id).FirstOrDefaultAsync(ct);

    static async Task Repeat(AnalyticsDb db, Func<Task<int>> some, CancellationToken ct)
    {
        int count;
        do
            using (await db.WritersTurn(ct))
                count = await some();
        while (count == AtOnce);
    }
}
