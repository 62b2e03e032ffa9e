using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ecom.Analytics;

public sealed class AnalyticsDb(DbContextOptions<AnalyticsDb> options) : ServiceDb(options, AppIds.Analytics)
{
    public DbSet<DeadLetterRecord> DeadLetters => Set<DeadLetterRecord>();
    public DbSet<RevenueWindow> Revenue => Set<RevenueWindow>();
    public DbSet<FraudAlert> FraudAlerts => Set<FraudAlert>();
    public DbSet<AbandonedItem> Abandonment => Set<AbandonedItem>();
    public DbSet<ProductVelocity> Velocity => Set<ProductVelocity>();
    public DbSet<OperationalWindow> Operations => Set<OperationalWindow>();
    public DbSet<StreamBatch> Batches => Set<StreamBatch>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<DeadLetterRecord>(e =>
        {
            e.ToTable("dead_letters", t =>
            {
                t.HasCheckConstraint("ck_dead_letters_retry_count", "retry_count >= 0");
                t.HasCheckConstraint("ck_dead_letters_replayed_at", "(replay_count > 0) = (replayed_at IS NOT NULL)");
                t.HasCheckConstraint("ck_dead_letters_failures", "failures >= 1");
                t.HasCheckConstraint("ck_dead_letters_status", $"status IN ({Quoted(Enum.GetNames<DeadLetterStatus>())})");
                t.HasCheckConstraint("ck_dead_letters_settled_at", "(settled_at IS NOT NULL) = (status IN ('APPLIED', 'DISCARDED'))");
            });
            e.HasIndex(d => d.LetterId).IsUnique();
            e.HasIndex(d => new { d.OriginalTopic, d.Id });
            e.HasIndex(d => d.Id).HasFilter("status = 'OPEN'").HasDatabaseName("ix_dead_letters_open");
            // Two who change a letter at once cannot both win: it would go twice.
            e.Property(d => d.Status).HasConversion<string>().HasDefaultValue(DeadLetterStatus.OPEN).IsConcurrencyToken();
            e.Property(d => d.ReplayCount).IsConcurrencyToken();
            e.Property(d => d.Failures).HasDefaultValue(1);
        });
        Window(model.Entity<RevenueWindow>(), "revenue_metrics", "order_count >= 0").HasKey(r => r.WindowStart);
        Window(model.Entity<FraudAlert>(), "fraud_alerts", $"severity IN ({Quoted(FraudRules.Severities)})").HasKey(r => new { r.UserId, r.AlertType, r.WindowStart });
        Window(model.Entity<ProductVelocity>(), "inventory_velocity", "units_sold >= 0").HasKey(r => new { r.ProductId, r.WindowStart });
        var operations = Window(model.Entity<OperationalWindow>(), "operational_metrics", $"status IN ({Quoted(FlowRules.Statuses)})");
        operations.HasKey(r => new { r.MetricName, r.Topic, r.WindowStart });
        operations.Property(r => r.Value).HasPrecision(18, 4);
        model.Entity<AbandonedItem>(e =>
        {
            e.ToTable("cart_abandonment", t => t.HasCheckConstraint("ck_cart_abandonment_detected_at", "detected_at >= item_added_time"));
            e.HasKey(r => new { r.UserId, r.ProductId, r.ItemAddedTime });
            e.HasIndex(r => r.ItemAddedTime);
        });
        // Where there is PostgreSQL, Spark computes.
        if (Database.IsSqlite())
            model.Entity<StreamBatch>(e =>
            {
                e.ToTable("stream_batches");
                e.HasIndex(b => new { b.Computation, b.Until });
            });
        else
            model.Ignore<StreamBatch>();
    }

    /// <summary>Keeps a row: said again it changes nothing, and an older word never covers a newer one.</summary>
    /// <returns>Whether anything but <see cref="AnalyticsRow.AsOf"/> is new.</returns>
    public async Task<bool> Keep(AnalyticsRow row, CancellationToken ct)
    {
        var entity = Model.FindEntityType(row.GetType())!;
        var key = entity.FindPrimaryKey()!.Properties.Select(property => property.PropertyInfo!.GetValue(row)).ToArray();
        if (await FindAsync(row.GetType(), key, ct) is not AnalyticsRow known)
        {
            Add(row);
            return true;
        }
        if (known.AsOf > row.AsOf)
            return false;
        var news = entity.GetProperties().Any(property => property.Name != nameof(AnalyticsRow.AsOf) && !Equals(property.PropertyInfo!.GetValue(known), property.PropertyInfo.GetValue(row)));
        Entry(known).CurrentValues.SetValues(row);
        return news;
    }

    static string Quoted(IEnumerable<string> words) => string.Join(", ", words.Select(word => $"'{word}'"));

    /// <summary>A table of windows: read by time, and no window ends before it starts.</summary>
    static EntityTypeBuilder<T> Window<T>(EntityTypeBuilder<T> e, string table, string check) where T : AnalyticsRow
    {
        e.ToTable(table, t =>
        {
            t.HasCheckConstraint($"ck_{table}_window", "window_end > window_start");
            t.HasCheckConstraint($"ck_{table}_value", check);
        });
        e.HasIndex("WindowStart");
        return e;
    }
}
