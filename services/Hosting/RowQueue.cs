using System.Diagnostics;

namespace Ecom.Hosting;

/// <summary>The receiver is away: it is nobody's fault, and everything is tried again.</summary>
public sealed class ReceiverAwayException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What a queue tells of itself: the age of its oldest row that nobody has refused, and how many rows were parked.</summary>
public readonly record struct QueueState(DateTimeOffset? OldestAt, int Parked);

/// <summary>
/// Sends the rows of a table that is a queue: woken by their commit, by the one replica that leads it. Each queue has its own destination
/// and its own pace, so that none waits for another's.
/// </summary>
/// <param name="name">The queue's name in logs, metrics and locks.</param>
/// <param name="table">The table whose commits wake it.</param>
public abstract class RowQueue<TDb>(string name, string table, QueueServices<TDb> services) : BackgroundService where TDb : ServiceDb
{
    /// <summary>Looks without being woken: for rows whose time to be tried again has come.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>A replica that could not deliver for so long leaves the lead to another.</summary>
    static readonly TimeSpan ResignAfter = TimeSpan.FromSeconds(3);

    static readonly TimeSpan Longest = TimeSpan.FromSeconds(5), Shortest = TimeSpan.FromMilliseconds(100);

    DateTimeOffset lastThrough = DateTimeOffset.MinValue;

    protected TimeProvider Clock => services.Clock;

    protected IServiceScopeFactory Scopes => services.Scopes;

    protected ILogger Log => services.Log;

    /// <summary>False: another replica may be sending the same rows.</summary>
    protected bool Leads => services.Line.Leads(name);

    /// <summary>Sends what is due, and keeps what became of it.</summary>
    /// <returns>How many rows were taken; 0: nothing is due.</returns>
    /// <exception cref="ReceiverAwayException">Nothing gets through at present.</exception>
    protected abstract Task<int> SendDue(CancellationToken ct);

    /// <summary>Keeps what is known, at the end of the lead or of the service.</summary>
    protected virtual Task Finish(CancellationToken ct) => Task.CompletedTask;

    /// <summary>For metrics and readiness.</summary>
    public abstract Task<QueueState> Look(TDb db, CancellationToken ct);

    internal string Name => name;

    /// <summary>Since when this replica leads. What a former leader had in its memory only, it may not have done.</summary>
    protected DateTimeOffset LeadsSince { get; private set; }

    /// <summary>How long a row waits before it is tried again: 0.1 s, doubled each time, at most a minute.</summary>
    protected static TimeSpan Wait(int attempts) => TimeSpan.FromMilliseconds(Math.Min(60_000, 100L << Math.Clamp(attempts, 0, 10)));

    /// <summary>When a row that is due at this time was last tried; null: never.</summary>
    protected static DateTimeOffset? LastTry(DateTimeOffset? retryAt, int attempts) => retryAt - Wait(attempts);

    /// <summary>The receiver has taken a row.</summary>
    protected void GotThrough() => lastThrough = Clock.GetUtcNow();

    /// <summary>While nothing gets through no row is to blame for that it does not; one that is refused while others get through is.</summary>
    protected bool HasGotThroughSince(DateTimeOffset? lastTry) => lastThrough >= lastTry;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Finish(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        var bell = services.Bells.Of(table);
        long began = 0;
        long? failingSince = null;
        var wait = Shortest;
        while (!ct.IsCancellationRequested)
            try
            {
                var isNew = LeadsSince == default || !Leads;
                await services.Line.UntilLeading(name, ct);
                if (isNew)
                    LeadsSince = Clock.GetUtcNow();
                while (Leads)
                {
                    began = Stopwatch.GetTimestamp();
                    if (await SendDue(ct) == 0)
                        await bell.Wait(Patience, ct);
                    (failingSince, wait) = (null, Shortest);
                }
                // Another replica goes on from here.
                await Finish(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (failingSince is null)
                    services.Log.LogWarning("{Queue} waits: {Reason}", name, e.GetBaseException().Message);
                // A receiver that hangs fails since it was called. The database's next connection is a new one.
                failingSince ??= e is ReceiverAwayException ? began : Stopwatch.GetTimestamp();
                if (Stopwatch.GetElapsedTime(failingSince.Value) > ResignAfter)
                    services.Line.Resign(name);
                await Task.Delay(wait, services.Clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                wait = wait * 2 < Longest ? wait * 2 : Longest;
            }
    }
}

/// <summary>What every queue of a service needs.</summary>
public sealed record QueueServices<TDb>(IServiceScopeFactory Scopes, PostgresLine Line, Bells Bells, TimeProvider Clock, ILogger<TDb> Log) where TDb : ServiceDb;
