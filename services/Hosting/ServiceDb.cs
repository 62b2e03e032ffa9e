using System.Diagnostics;
using System.Text.Json;
using Ecom.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Ecom.Hosting;

/// <summary>A message that goes out after the commit of the state change that caused it. <see cref="Topic"/> names where to; an <see cref="IOutboxSink"/> takes it there.</summary>
public sealed class OutboxEvent
{
    public long Id { get; set; }
    public required string EventId { get; set; }
    public required string Topic { get; set; }
    public required string Key { get; set; }
    public required string Payload { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? SentAt { get; set; }
    public int Attempts { get; set; }
    public DateTimeOffset? RetryAt { get; set; }
    public string? Error { get; set; }
}

/// <summary>The mark that this service has applied an event.</summary>
public sealed class ProcessedEvent
{
    public required string EventId { get; set; }
    public required string Topic { get; set; }
    public DateTimeOffset ProcessedAt { get; set; }
}

/// <summary>What an outgoing event is a consequence of: the checkout's correlation id and the event that led to it.</summary>
public sealed record Trail(string? CorrelationId, string? CausationId)
{
    public static Trail Of<T>(CloudEvent<T> e) => new(e.CorrelationId ?? e.Id, e.Id);
}

/// <summary>A service's database: its own tables plus outbox and inbox, and the transaction that keeps the three together.</summary>
public abstract class ServiceDb(DbContextOptions options, string appId) : DbContext(options)
{
    public DbSet<OutboxEvent> Outbox => Set<OutboxEvent>();
    public DbSet<ProcessedEvent> Processed => Set<ProcessedEvent>();

    /// <summary>Schema and role of an app in PostgreSQL: its id with <c>_</c>.</summary>
    public static string SchemaOf(string appId) => appId.Replace('-', '_');

    /// <summary>
    /// Runs the work in one transaction: effect, outgoing events and the inbox mark are all kept (the work answered true) or none.
    /// Under SQLite one writer at a time: waiting in line here is fair and cheap, its own lock polls.
    /// </summary>
    /// <returns>What the work answered.</returns>
    public async Task<bool> InTransaction(Func<Task<bool>> work, CancellationToken ct = default)
    {
        var gate = this.GetService<CommitGate>();
        using (Database.IsSqlite() ? await gate.Enter(ct) : null)
        {
            await using var transaction = await Database.BeginTransactionAsync(ct);
            if (!await work())
                return false;
            var added = ChangeTracker.Entries().Where(entry => entry.State == EntityState.Added).Select(entry => entry.Metadata.ClrType).Distinct().ToList();
            await SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            gate.Committed(added);
        }
        return true;
    }

    public Task InTransaction(Func<Task> work, CancellationToken ct = default) =>
        InTransaction(async () =>
        {
            await work();
            return true;
        }, ct);

    /// <summary>Adds an event to the outbox of the running transaction.</summary>
    public void Publish<T>(T data, Trail trail) where T : IEvent
    {
        var now = this.GetService<TimeProvider>().GetUtcNow();
        var e = CloudEvent.New(data, appId, now, trail.CorrelationId, trail.CausationId, Activity.Current?.Id);
        Send(T.Topic, data.Key, e.Id, JsonSerializer.Serialize(e, Json.Options), now);
    }

    /// <summary>Adds any message to the outbox of the running transaction; an <see cref="IOutboxSink"/> must take its topic.</summary>
    public void Send(string topic, string key, string id, string payload, DateTimeOffset now) =>
        Outbox.Add(new() { EventId = id, Topic = topic, Key = key, Payload = payload, CreatedAt = now });

    /// <summary>Marks the event as seen. False: it was seen before, do nothing.</summary>
    public async Task<bool> FirstTime(string eventId, string topic, CancellationToken ct)
    {
        var table = Model.FindEntityType(typeof(ProcessedEvent))!.GetSchemaQualifiedTableName();
        object now = Database.IsSqlite() ? this.GetService<TimeProvider>().GetUtcNow().UtcDateTime : this.GetService<TimeProvider>().GetUtcNow();
#pragma warning disable EF1002 // The table's name is the model's own; the values are parameters.
        return await Database.ExecuteSqlRawAsync($"INSERT INTO {table} (event_id, topic, processed_at) VALUES ({{0}}, {{1}}, {{2}}) ON CONFLICT DO NOTHING", [eventId, topic, now], ct) == 1;
#pragma warning restore EF1002
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        if (Database.IsNpgsql())
            model.HasDefaultSchema(SchemaOf(appId));
        model.Entity<OutboxEvent>(e =>
        {
            e.ToTable("outbox_events");
            e.HasIndex(x => x.Id).HasFilter("sent_at IS NULL").HasDatabaseName("ix_outbox_events_unsent");
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
