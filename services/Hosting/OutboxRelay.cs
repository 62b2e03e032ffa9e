using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Hosting;

/// <summary>Takes outbox messages where they belong. A message that is not in the answer was delivered.</summary>
public interface IOutboxSink
{
    bool Takes(string topic);

    /// <summary>Delivers the messages, those of one key in their order. Throws when the receiver is away (all are tried again).</summary>
    /// <returns>The messages that were refused, with the reason.</returns>
    Task<IReadOnlyDictionary<long, string>> Send(IReadOnlyList<OutboxEvent> messages, CancellationToken ct);
}

/// <summary>
/// Sends the outbox: woken by the commit, in the order of the rows, at least once. One relay per service is active;
/// a refused message is tried again for ever, at last once a minute: it is somebody's order.
/// Under PostgreSQL the active one is the holder of an advisory lock, on the very connection that reads the rows, so that losing one is losing both.
/// </summary>
public sealed class OutboxRelay<TDb>(IServiceScopeFactory scopes, CommitGate gate, IEnumerable<IOutboxSink> sinks, TimeProvider clock, ILogger<OutboxRelay<TDb>> log)
    : BackgroundService where TDb : ServiceDb
{
    const int BatchSize = 500;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    static readonly Counter<long> Sent = Metrics.Meter.CreateCounter<long>("ecom_outbox_sent", description: "Outbox messages delivered");
    static readonly Counter<long> Refused = Metrics.Meter.CreateCounter<long>("ecom_outbox_refused", description: "Outbox messages refused by their receiver, each time");

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        var failures = 0;
        while (!ct.IsCancellationRequested)
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<TDb>();
                await db.Database.OpenConnectionAsync(ct);
                while (!await IsActive(db, ct))
                    await Task.Delay(Patience, clock, ct);
                while (true)
                {
                    if (await SendBatch(db, ct) == 0)
                        await gate.NewsOf<OutboxEvent>(Patience, ct);
                    failures = 0;
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (failures++ == 0)
                    log.LogWarning("The outbox waits: {Reason}", e.GetBaseException().Message);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(5000, 100 << Math.Min(failures, 6))), clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
    }

    async Task<int> SendBatch(TDb db, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var batch = await db.Outbox.AsNoTracking()
            .Where(e => e.SentAt == null && (e.RetryAt == null || e.RetryAt <= now))
            .OrderBy(e => e.Id).Take(BatchSize).ToListAsync(ct);
        if (batch.Count == 0)
            return 0;
        var results = await Task.WhenAll(batch
            .GroupBy(e => sinks.FirstOrDefault(sink => sink.Takes(e.Topic)) ?? throw new InvalidOperationException($"Nothing takes the topic '{e.Topic}'."))
            .Select(group => group.Key.Send([.. group], ct)));
        var refused = results.SelectMany(result => result).ToDictionary();
        var delivered = batch.Where(e => !refused.ContainsKey(e.Id)).Select(e => e.Id).ToArray();
        using (db.Database.IsSqlite() ? await gate.Enter(ct) : null)
        {
            await db.Outbox.Where(e => delivered.Contains(e.Id)).ExecuteUpdateAsync(set => set.SetProperty(e => e.SentAt, now), ct);
            foreach (var (id, reason) in refused)
            {
                var attempts = batch.First(e => e.Id == id).Attempts + 1;
                var retryAt = now + TimeSpan.FromMilliseconds(Math.Min(60_000, 100 << Math.Min(attempts, 10)));
                await db.Outbox.Where(e => e.Id == id).ExecuteUpdateAsync(set => set.SetProperty(e => e.Attempts, attempts).SetProperty(e => e.RetryAt, retryAt).SetProperty(e => e.Error, reason), ct);
                log.LogWarning("Outbox message {OutboxId} was refused {Attempts} times: {Reason}", id, attempts, reason);
            }
        }
        Sent.Add(delivered.Length);
        Refused.Add(refused.Count);
        return batch.Count;
    }

    static async Task<bool> IsActive(TDb db, CancellationToken ct) =>
        db.Database.IsSqlite() || await db.Database.SqlQueryRaw<bool>("SELECT pg_try_advisory_lock(hashtext({0})) AS \"Value\"", db.Model.GetDefaultSchema() + ".outbox").SingleAsync(ct);
}

/// <summary>Deletes delivered outbox rows and inbox marks that are older than any redelivery.</summary>
public sealed class Purge<TDb>(IServiceScopeFactory scopes, TimeProvider clock, ILogger<Purge<TDb>> log) : BackgroundService where TDb : ServiceDb
{
    static readonly TimeSpan Every = TimeSpan.FromHours(1), Age = TimeSpan.FromDays(14);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(ct).AsTask().ContinueWith(tick => tick is { IsCompletedSuccessfully: true, Result: true }, TaskScheduler.Default))
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<TDb>();
                var before = clock.GetUtcNow() - Age;
                await db.InTransaction(async () =>
                {
                    await db.Outbox.Where(e => e.SentAt < before).ExecuteDeleteAsync(ct);
                    await db.Processed.Where(e => e.ProcessedAt < before).ExecuteDeleteAsync(ct);
                }, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.LogWarning("Old outbox and inbox rows stay for now: {Reason}", e.GetBaseException().Message);
            }
    }
}
