using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ecom.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Ecom.Hosting;

/// <summary>An event that goes to the broker after the commit of the state change that caused it, and is deleted when the broker has it.</summary>
public sealed class OutboxEvent
{
    public long Id { get; init; }
    public required string EventId { get; init; }
    public required string Topic { get; init; }
    public required string Key { get; init; }
    public required string Payload { get; init; }

    /// <summary>The payload's length in UTF-8, so that a batch is measured without reading it.</summary>
    public required int Bytes { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public int Attempts { get; init; }
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Refused too often while others got through: it waits for an operator (<c>ecom outbox</c>).</summary>
    public DateTimeOffset? ParkedAt { get; init; }
    public string? Error { get; init; }
}

/// <summary>The mark that this service has applied an event.</summary>
public sealed class ProcessedEvent
{
    public required string EventId { get; init; }
    public required string Topic { get; init; }
    public DateTimeOffset ProcessedAt { get; init; }
}

/// <summary>What an outgoing event is a consequence of: the checkout's correlation id and the event that led to it.</summary>
public sealed record Trail(string? CorrelationId, string? CausationId)
{
    public static Trail Of<T>(CloudEvent<T> e) => new(e.CorrelationId ?? e.Id, e.Id);
}

/// <summary>A service's database: its own tables plus outbox and inbox, and the transaction that keeps the three together.</summary>
public abstract class ServiceDb : DbContext
{
    readonly string appId;
    readonly List<Action> afterCommit = [];

    protected ServiceDb(DbContextOptions options, string appId) : base(options)
    {
        this.appId = appId;
        // A failed save ends its transaction here, so nobody would roll back to a savepoint.
        Database.AutoSavepointsEnabled = false;
    }

    /// <summary>The keys of what this transaction has loaded and holds; what is not among the tracked rows is not in the database either.</summary>
    protected HashSet<(Type Entity, string Key)> Loaded { get; } = [];

    public DbSet<OutboxEvent> Outbox => Set<OutboxEvent>();
    public DbSet<ProcessedEvent> Processed => Set<ProcessedEvent>();

    public string AppId => appId;

    /// <summary>The service's own schema, by which migrations name their tables.</summary>
    public string Schema => SchemaOf(appId);

    /// <summary>Schema and role of an app in PostgreSQL: its id with <c>_</c>.</summary>
    public static string SchemaOf(string appId) => appId.Replace('-', '_');

    /// <summary>
    /// Runs the work in one transaction: effect, outgoing events and inbox marks are all kept (the work answered true) or none.
    /// Under SQLite one writer at a time.
    /// </summary>
    /// <returns>What the work answered.</returns>
    public async Task<bool> InTransaction(Func<Task<bool>> work, CancellationToken ct = default)
    {
        afterCommit.Clear();
        Loaded.Clear();
        using (await WritersTurn(ct))
        {
            await using var transaction = await Database.BeginTransactionAsync(ct);
            if (!await work())
                return false;
            var touched = ChangeTracker.Entries().Where(e => e.State is EntityState.Added or EntityState.Modified).Select(e => e.Metadata.GetTableName()!).ToHashSet();
            await SaveChangesAsync(ct);
            CrashPoint.Reach($"{appId}.commit");
            await transaction.CommitAsync(ct);
            CrashPoint.Reach($"{appId}.committed");
            foreach (var table in touched)
                this.GetService<Bells>().Ring(table);
        }
        afterCommit.ForEach(act => act());
        return true;
    }

    /// <summary>Under SQLite the turn of its one writer, until it is disposed; PostgreSQL has room for all. For what writes outside <see cref="InTransaction(Func{Task{bool}}, CancellationToken)"/>.</summary>
    public async Task<IDisposable?> WritersTurn(CancellationToken ct) => Database.IsSqlite() ? await this.GetService<SingleWriter>().Enter(ct) : null;

    public Task InTransaction(Func<Task> work, CancellationToken ct = default) =>
        InTransaction(async () =>
        {
            await work();
            return true;
        }, ct);

    /// <summary>Runs when the running transaction is committed, and never when it is not. It must not fail.</summary>
    public void AfterCommit(Action act) => afterCommit.Add(act);

    /// <summary>
    /// Loads, and holds against every other writer, what these facts are about, in one round trip for all.
    /// The slices find it by the same methods as without.
    /// </summary>
    protected internal virtual Task Prepare(IReadOnlyList<object> facts, CancellationToken ct) => Task.CompletedTask;

    /// <summary>The orders that facts are about, each once, in an order that is the same for everybody.</summary>
    protected static string[] OrdersOf(IReadOnlyList<object> facts) =>
        [.. facts.Select(fact => (fact as IAboutOrder)?.OrderId).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Adds an event to the outbox of the running transaction.</summary>
    /// <param name="since">When the fact came to be, where it may have to be told again: it is the same event then, with the same id.</param>
    public void Publish<T>(T data, Trail trail, DateTimeOffset? since = null) where T : IEvent
    {
        var e = CloudEvent.New(data, appId, since ?? this.GetService<TimeProvider>().GetUtcNow(), trail.CorrelationId, trail.CausationId, Activity.Current?.Id);
        Publish(since is null ? e : e with { Id = Ids.EventOf(T.Topic, (data as IAboutOrder)?.OrderId ?? data.Key, since.Value) });
    }

    /// <summary>The same for one whose envelope is made already.</summary>
    public void Publish<T>(CloudEvent<T> e) where T : IEvent =>
        Send(T.Topic, e.Data.Key, e.Id, JsonSerializer.Serialize(e, Json.Options), this.GetService<TimeProvider>().GetUtcNow());

    /// <summary>Tells that a replayed record is applied. Where all were asked, only who had not applied it before can have been the one that failed.</summary>
    public void TellApplied(Replay replay, bool isNew, Trail trail)
    {
        if (replay.LetterId is not null && (isNew || replay.AppId is not null))
            Publish(new LetterApplied(replay.LetterId, appId), trail);
    }

    /// <summary>Adds an event as it is to the outbox of the running transaction.</summary>
    public void Send(string topic, string key, string id, string payload, DateTimeOffset now) =>
        Outbox.Add(new() { EventId = id, Topic = topic, Key = key, Payload = payload, Bytes = Encoding.UTF8.GetByteCount(payload), CreatedAt = now });

    protected override void OnModelCreating(ModelBuilder model)
    {
        if (Database.IsNpgsql())
            model.HasDefaultSchema(Schema);
        model.Entity<OutboxEvent>(e =>
        {
            e.ToTable("outbox_events");
            e.HasIndex(x => x.Id).HasFilter("parked_at IS NULL").HasDatabaseName("ix_outbox_events_unsent");
        });
        model.Entity<ProcessedEvent>(e =>
        {
            e.ToTable("processed_events");
            e.HasKey(x => new { x.EventId, x.Topic });
            e.HasIndex(x => x.ProcessedAt);
        });
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        conventions.Properties<decimal>().HavePrecision(12, 2);
        // SQLite compares DateTime text as time, but not DateTimeOffset.
        if (Database.IsSqlite())
            conventions.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();
    }

    sealed class UtcConverter() : ValueConverter<DateTimeOffset, DateTime>(time => time.UtcDateTime, time => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)));
}
