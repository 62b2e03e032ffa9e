using Microsoft.EntityFrameworkCore;

namespace Ecom.Hosting;

/// <summary>Deletes inbox marks that are older than any redelivery.</summary>
public sealed class Purge<TDb>(IServiceScopeFactory scopes, TimeProvider clock, ILogger<Purge<TDb>> log) : PeriodicService(TimeSpan.FromHours(1), clock) where TDb : ServiceDb
{
    static readonly TimeSpan Age = TimeSpan.FromDays(14);

    protected override async Task Work(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        // After a long outage there may be many.
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(1));
        var before = Clock.GetUtcNow() - Age;
        await db.InTransaction(() => db.Processed.Where(e => e.ProcessedAt < before).ExecuteDeleteAsync(ct), ct);
    }

    protected override void Failed(Exception e) => log.LogWarning("Old inbox marks stay for now: {Reason}", e.GetBaseException().Message);
}
