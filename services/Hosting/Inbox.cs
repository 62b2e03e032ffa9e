using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Ecom.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Hosting;

/// <summary>How a slice answers an event: done; again (it may succeed later, for example when an older event has arrived); never.</summary>
public readonly record struct Outcome(Outcome.Kind What, string? Reason)
{
    public enum Kind { Done, Again, Never }

    public static Outcome Done { get; } = new(Kind.Done, null);

    public static Outcome Again(string reason) => new(Kind.Again, reason);

    public static Outcome Never(string reason) => new(Kind.Never, reason);
}

/// <summary>How long a failed event waits before its next attempt; as many waits, as many further attempts.</summary>
public sealed record DeliveryOptions(IReadOnlyList<TimeSpan> Waits);

/// <summary>An event that was delivered, and the work it calls for.</summary>
abstract class Arrival(ReadOnlyMemory<byte> bytes, DateTimeOffset at)
{
    readonly TaskCompletionSource<bool> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReadOnlyMemory<byte> Bytes => bytes;

    public DateTimeOffset At => at;

    public abstract string Topic { get; }

    /// <summary>Null: the bytes are no valid event, <see cref="Fault"/> says why.</summary>
    public abstract object? Fact { get; }

    public string? Fault { get; init; }

    /// <summary>When the fact was made.</summary>
    public abstract DateTimeOffset? Time { get; }

    public abstract (string? Id, string? CorrelationId, string? TraceParent) Envelope { get; }

    /// <summary>A question that is answered again, with the same fact, however often it comes.</summary>
    public bool IsAnsweredAgain { get; init; }

    public Replay Replay { get; init; }

    public int Attempts { get; set; }

    /// <summary>True: it is applied, was before, or is a dead letter. False: the infrastructure is away, the sidecar shall deliver it again.</summary>
    public Task<bool> Answer => answer.Task;

    public void Taken() => answer.TrySetResult(true);

    public void BringAgain() => answer.TrySetResult(false);

    public abstract Task<Outcome> Apply(IServiceProvider scope, CancellationToken ct);

    public abstract void Bury(ServiceDb db, string appId, string reason, string type, DateTimeOffset now);
}

/// <summary>
/// Applies what is delivered. Whatever has arrived while the last transaction ran goes into the next one, together: effects, outgoing events and
/// marks of all. When one of them fails they are applied one by one, so that it hurts nobody else; it is tried again after 1 s and 2 s, on its own,
/// and is then a dead letter. The attempts are made here and not by Dapr's retry policy, because the sidecar tells nobody the number of the attempt,
/// and counts an app that restarts as three failures (ADR 0007).
/// </summary>
sealed partial class Inbox<TDb>(IServiceScopeFactory scopes, ServiceIdentity identity, DeliveryOptions options, TimeProvider clock, Metrics metrics, ILogger<Inbox<TDb>> log) : BackgroundService where TDb : ServiceDb
{
    const int MostAtOnce = 100;
    readonly Counter<long> duplicates = metrics.Meter.CreateCounter<long>("ecom_inbox_duplicates", description: "Events that had been applied before");
    readonly Counter<long> applied = metrics.Meter.CreateCounter<long>("ecom_inbox_applied", description: "Events applied");
    readonly Counter<long> buried = metrics.Meter.CreateCounter<long>("ecom_dead_letters", description: "Events that became dead letters");
    readonly Counter<long> failed = metrics.Meter.CreateCounter<long>("ecom_inbox_failed", description: "Attempts to apply an event that came to nothing: it is tried again, brought again, or becomes a dead letter");
    readonly Histogram<double> ages = metrics.Duration("ecom_event_age_seconds", "From an event's making to its being applied");
    readonly Channel<Arrival> arrivals = Channel.CreateUnbounded<Arrival>(new() { SingleReader = true });

    /// <summary>Counts the topic from zero: a counter that begins with its first failure hides it from whoever looks for a rise.</summary>
    public void Expect(string topic)
    {
        foreach (var counter in (Counter<long>[])[duplicates, applied, buried, failed])
            counter.Add(0, Tag(topic));
    }

    /// <summary>Applies the events, side by side with what else arrives.</summary>
    /// <returns>For each event whether it is dealt with; false: bring it again.</returns>
    public Task<bool[]> Take(IReadOnlyList<Arrival> events)
    {
        foreach (var e in events)
            if (!arrivals.Writer.TryWrite(e))
                e.BringAgain();
        return Task.WhenAll(events.Select(e => e.Answer));
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        try
        {
            while (await arrivals.Reader.WaitToReadAsync(ct))
            {
                List<Arrival> batch = [];
                while (batch.Count < MostAtOnce && arrivals.Reader.TryRead(out var e))
                    batch.Add(e);
                // What is no event needs no try, and hinders nobody.
                if (batch.FindAll(e => e.Fault is not null) is { Count: > 0 } unreadable)
                    await Unreadable(unreadable, ct);
                batch.RemoveAll(e => e.Fault is not null);
                if (batch.Count > 1 && batch.TrueForAll(e => e.Attempts == 0) && await Together(batch, ct))
                    continue;
                foreach (var e in batch)
                    await Alone(e, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // What is not answered is brought again.
        }
        finally
        {
            arrivals.Writer.TryComplete();
            while (arrivals.Reader.TryRead(out var e))
                e.BringAgain();
        }
    }

    /// <returns>False: not all of them went well, and nothing has happened. True: all are answered.</returns>
    async Task<bool> Together(List<Arrival> batch, CancellationToken ct)
    {
        List<Arrival> repeated = [], applied = [];
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<TDb>();
            var isDone = await db.InTransaction(async () =>
            {
                var ids = batch.ConvertAll(e => e.Envelope.Id!);
                var seen = (await db.Processed.AsNoTracking().Where(p => ids.Contains(p.EventId)).ToListAsync(ct)).Select(p => (p.EventId, p.Topic)).ToHashSet();
                await db.Prepare([.. batch.Select(e => e.Fact!)], ct);
                foreach (var e in batch)
                {
                    var isNew = seen.Add((e.Envelope.Id!, e.Topic));
                    if (isNew)
                        Mark(e, db);
                    else
                        repeated.Add(e);
                    if (isNew || e.IsAnsweredAgain)
                    {
                        if ((await Apply(e, scope.ServiceProvider, ct)).What is not Outcome.Kind.Done)
                            return false;
                        applied.Add(e);
                    }
                    db.TellApplied(e.Replay, isNew, new(e.Envelope.CorrelationId, e.Envelope.Id));
                }
                return true;
            }, ct);
            if (!isDone)
                return false;
            foreach (var e in repeated)
                duplicates.Add(1, Tag(e.Topic));
            applied.ForEach(Count);
            batch.ForEach(e => e.Taken());
            return true;
        }
        catch (Exception x) when (ct.IsCancellationRequested || IsAway(x))
        {
            Away(batch, x);
            return true;
        }
        catch (Exception)
        {
            // One by one it shows whose fault it is.
            return false;
        }
    }

    /// <summary>Dead letters at once, in one transaction.</summary>
    async Task Unreadable(List<Arrival> batch, CancellationToken ct)
    {
        try
        {
            await Bury(batch, null, "InvalidEvent", ct);
        }
        catch (Exception x) when (batch.Count > 1 && !ct.IsCancellationRequested && !IsAway(x))
        {
            foreach (var e in batch)
                await Unreadable([e], ct);
        }
        catch (Exception x)
        {
            Away(batch, x);
        }
    }

    async Task Alone(Arrival e, CancellationToken ct)
    {
        using var logged = Named(e);
        try
        {
            e.Attempts++;
            var (outcome, type) = await Attempt(e, ct);
            if (outcome.What is Outcome.Kind.Done)
            {
                e.Taken();
                return;
            }
            failed.Add(1, Tag(e.Topic));
            if (outcome.What is Outcome.Kind.Never || e.Attempts > options.Waits.Count)
                await Bury([e], outcome.Reason!, type ?? outcome.What.ToString(), ct);
            else
            {
                LogAttempt(e.Topic, e.Attempts, outcome.Reason!);
                _ = Later(e, options.Waits[e.Attempts - 1], ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            e.BringAgain();
        }
        catch (Exception x)
        {
            Away([e], x);
        }
    }

    /// <exception cref="Exception">The infrastructure is away.</exception>
    async Task<(Outcome, string? ErrorType)> Attempt(Arrival e, CancellationToken ct)
    {
        var outcome = Outcome.Done;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<TDb>();
            var isApplied = false;
            await db.InTransaction(async () =>
            {
                var (id, topic) = (e.Envelope.Id, e.Topic);
                var isNew = !await db.Processed.AnyAsync(p => p.EventId == id && p.Topic == topic, ct);
                if (isNew)
                    Mark(e, db);
                else
                    duplicates.Add(1, Tag(topic));
                if (isNew || e.IsAnsweredAgain)
                {
                    await db.Prepare([e.Fact!], ct);
                    outcome = await Apply(e, scope.ServiceProvider, ct);
                    isApplied = outcome.What is Outcome.Kind.Done;
                    if (!isApplied)
                        return false;
                }
                db.TellApplied(e.Replay, isNew, new(e.Envelope.CorrelationId, e.Envelope.Id));
                return true;
            }, ct);
            if (isApplied)
                Count(e);
            return (outcome, null);
        }
        catch (Exception x) when (!IsAway(x) && x is not OperationCanceledException)
        {
            if (x is not DbUpdateException)
                LogFailed(x, e.Topic);
            return (Outcome.Again(x.GetBaseException().Message), x.GetType().Name);
        }
    }

    /// <summary>Two deliveries of one event at once cannot both leave the mark.</summary>
    static void Mark(Arrival e, TDb db) => db.Processed.Add(new() { EventId = e.Envelope.Id!, Topic = e.Topic, ProcessedAt = e.At });

    async Task<Outcome> Apply(Arrival e, IServiceProvider scope, CancellationToken ct)
    {
        using var span = Tracing.Follow(e.Topic, e.Envelope.TraceParent);
        using var logged = Named(e);
        return await e.Apply(scope, ct);
    }

    /// <summary>The log lines under it carry the order's and the event's id.</summary>
    IDisposable? Named(Arrival e) => log.BeginScope(new Dictionary<string, object?>
    {
        ["OrderId"] = (e.Fact as IAboutOrder)?.OrderId,
        ["CorrelationId"] = e.Envelope.CorrelationId,
        // `EventId` is taken: the logger's own number of a message.
        ["CloudEventId"] = e.Envelope.Id,
    });

    /// <summary>A deadlock or a race lost to another replica is no outage.</summary>
    static bool IsAway(Exception x) => Transient.Is(x) && x.GetBaseException() is not Npgsql.PostgresException { SqlState: Npgsql.PostgresErrorCodes.DeadlockDetected or Npgsql.PostgresErrorCodes.SerializationFailure };

    void Count(Arrival e)
    {
        applied.Add(1, Tag(e.Topic));
        ages.Record(Math.Max(0, (clock.GetUtcNow() - e.Time!.Value).TotalSeconds), Tag(e.Topic));
    }

    /// <summary>Nobody's fault: the sidecar brings them again.</summary>
    void Away(List<Arrival> batch, Exception x)
    {
        LogAway(batch[0].Topic, x.GetBaseException().Message);
        foreach (var e in batch)
        {
            failed.Add(1, Tag(e.Topic));
            e.BringAgain();
        }
    }

    static KeyValuePair<string, object?> Tag(string topic) => new("topic", topic);

    async Task Later(Arrival e, TimeSpan wait, CancellationToken ct)
    {
        await Task.Delay(wait, clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!arrivals.Writer.TryWrite(e))
            e.BringAgain();
    }

    /// <summary>The dead letters go through the outbox. The inbox stays unmarked, so that a replay is tried again.</summary>
    /// <param name="reason">Null: each has its own fault.</param>
    async Task Bury(List<Arrival> batch, string? reason, string type, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        await db.InTransaction(() =>
        {
            batch.ForEach(e => e.Bury(db, identity.AppId, reason ?? e.Fault!, type, clock.GetUtcNow()));
            return Task.CompletedTask;
        }, ct);
        foreach (var e in batch)
        {
            buried.Add(1, Tag(e.Topic));
            LogBuried(e.Topic, e.Attempts, reason ?? e.Fault!);
            e.Taken();
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Topic}: attempt {Attempt} failed: {Reason}")]
    partial void LogAttempt(string topic, int attempt, string reason);

    [LoggerMessage(LogLevel.Error, "{Topic}: an attempt failed")]
    partial void LogFailed(Exception exception, string topic);

    [LoggerMessage(LogLevel.Warning, "{Topic}: waits for the infrastructure: {Reason}")]
    partial void LogAway(string topic, string reason);

    [LoggerMessage(LogLevel.Error, "{Topic}: dead letter after {Attempts} attempts: {Reason}")]
    partial void LogBuried(string topic, int attempts, string reason);
}
