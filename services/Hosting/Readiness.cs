using Dapr.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Ecom.Hosting;

/// <summary><c>/health/ready</c>: the database and the sidecar are really asked.</summary>
static class Readiness
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static async Task<IResult> Answer(HealthCheckService database, DaprClient dapr, ServiceIdentity identity, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        var sidecar = AskSidecar(dapr, limit.Token);
        var report = await database.CheckHealthAsync(limit.Token);
        var checks = report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Status is HealthStatus.Healthy ? "up" : entry.Value.Description ?? "down");
        checks["sidecar"] = await sidecar ? "up" : "down";
        return checks.Values.All(state => state == "up")
            ? Results.Ok(new { status = "ready", service = identity.AppId, checks })
            : Results.Problem($"Not ready: {string.Join("; ", checks.Where(c => c.Value != "up").Select(c => c.Value == "down" ? $"{c.Key} cannot be reached" : c.Value))}.",
                statusCode: StatusCodes.Status503ServiceUnavailable, extensions: new Dictionary<string, object?> { ["checks"] = checks });
    }

    static async Task<bool> AskSidecar(DaprClient dapr, CancellationToken ct)
    {
        try
        {
            return await dapr.CheckOutboundHealthAsync(ct);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or Dapr.DaprException)
        {
            return false;
        }
    }
}

sealed class DatabaseCheck<TDb>(TDb db) : IHealthCheck where TDb : ServiceDb
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await db.Processed.AnyAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception)
        {
            return HealthCheckResult.Unhealthy();
        }
    }
}

/// <summary>A queue whose oldest row waits for more than a minute: something between here and its receiver is broken.</summary>
sealed class QueuesCheck<TDb>(TDb db, IEnumerable<RowQueue<TDb>> queues, TimeProvider clock) : IHealthCheck where TDb : ServiceDb
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        List<string> late = [];
        try
        {
            foreach (var queue in queues)
                if ((await queue.Look(db, cancellationToken)).OldestAt is { } oldest && clock.GetUtcNow() - oldest is var age && age > Patience)
                    late.Add(FormattableString.Invariant($"the oldest row of {queue.Name} waits for {age.TotalSeconds:0} s"));
        }
        catch (Exception)
        {
            // The database's own check says so.
        }
        return late.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(string.Join("; ", late));
    }
}
