using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
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
    public DbSet<JournalEntry> Journal => Set<JournalEntry>();
    public DbSet<ShopOrder> Orders => Set<ShopOrder>();

    /// <summary>Under which name <see cref="JournalNews"/> tells of a table.</summary>
    public static IReadOnlyDictionary<string, string> NamesOfNews { get; } = new Dictionary<string, string>
    {
        ["journal"] = JournalNews.Journal,
        ["shop_orders"] = JournalNews.Orders,
        ["dead_letters"] = JournalNews.Letters,
        ["revenue_metrics"] = JournalNews.Revenue,
        ["fraud_alerts"] = JournalNews.Fraud,
        ["cart_abandonment"] = JournalNews.Abandonment,
        ["inventory_velocity"] = JournalNews.Velocity,
        ["operational_metrics"] = JournalNews.Operations,
    };

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
        foreach (var row in model.Model.GetEntityTypes().Where(entity => entity.ClrType.IsAssignableTo(typeof(AnalyticsRow))).ToList())
            model.Entity(row.ClrType).Property(nameof(AnalyticsRow.Sequence)).HasDefaultValue(0L);
        model.Entity<JournalEntry>(e =>
        {
            e.ToTable("journal");
            e.HasIndex(j => new { j.EventId, j.Source }).IsUnique();
            e.HasIndex(j => j.OrderId).HasFilter("order_id IS NOT NULL");
            e.HasIndex(j => j.CorrelationId).HasFilter("order_id IS NULL");
        });
        model.Entity<ShopOrder>(e =>
        {
            e.ToTable("shop_orders", t => t.HasCheckConstraint("ck_shop_orders_state", $"state IN ({Quoted(Enum.GetNames<OrderState>())})"));
            e.HasKey(o => o.OrderId);
            e.Property(o => o.State).HasConversion<string>();
            e.HasIndex(o => new { o.PlacedAt, o.OrderId });
            e.HasIndex(o => new { o.State, o.PlacedAt, o.OrderId });
            e.HasIndex(o => new { o.UserId, o.PlacedAt });
            e.HasIndex(o => o.UpdatedAt);
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

    /// <summary>Keeps entries of the journal, what they say of their orders, and rows of analytics, in one statement a table and one round trip for all.</summary>
    public async Task Keep(IReadOnlyCollection<Journaled> entries, IReadOnlyCollection<AnalyticsRow> rows, CancellationToken ct)
    {
        var write = new BulkWrite(this);
        write.Insert([.. entries.Select(e => e.Entry).DistinctBy(e => (e.EventId, e.Source))], "DO NOTHING");
        write.Insert([.. entries.Select(e => e.Order).OfType<ShopOrder>().GroupBy(o => o.OrderId).Select(parts => parts.Aggregate((one, other) => one.And(other))).OrderBy(o => o.OrderId, StringComparer.Ordinal)], Merged);
        foreach (var table in rows.GroupBy(row => row.GetType()))
        {
            var entity = Model.FindEntityType(table.Key)!;
            write.Insert([.. table.GroupBy(row => KeyOf(entity, row)).OrderBy(said => said.Key, StringComparer.Ordinal).Select(said => said.Aggregate((one, other) => other.Covers(one) ? other : one))], Richer(entity));
        }
        await write.Execute(ct);
    }

    /// <summary>How many of the orders that were placed in [from, to) stand where.</summary>
    public async Task<OrderCounts> CountOrders(DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        var counts = await Orders.Where(o => o.PlacedAt >= from && o.PlacedAt < to).GroupBy(o => o.State).Select(o => new { State = o.Key, Count = o.Count() }).ToDictionaryAsync(o => o.State, o => o.Count, ct);
        return new(counts.GetValueOrDefault(OrderState.PENDING), counts.GetValueOrDefault(OrderState.PAID), counts.GetValueOrDefault(OrderState.FULFILLED), counts.GetValueOrDefault(OrderState.CANCELLED));
    }

    /// <summary>Each topic's newest minute: the one that runs where it has had an event, else the last that is over; by topic.</summary>
    public async Task<IReadOnlyList<OperationalWindow>> NewestOperations(CancellationToken ct) =>
    [
        .. (await Operations.AsNoTracking().Where(row => row.MetricName == FlowRules.Metric).OrderByDescending(row => row.WindowStart).ThenBy(row => row.Topic).Take(3 * FlowRules.Watched.Count).ToListAsync(ct))
            .DistinctBy(row => row.Topic).OrderBy(row => row.Topic, StringComparer.Ordinal),
    ];

    /// <summary>What <see cref="ShopOrder.And"/> says.</summary>
    string Merged
    {
        get
        {
            var (least, greatest) = Database.IsSqlite() ? ("min", "max") : ("least", "greatest");
            string[] first = ["user_id", "total_amount", "items", "reason", "cancellation_source", "ended_at", "correlation_id", "trace_parent"];
            return $"""
                (order_id) DO UPDATE SET {string.Join(", ", first.Select(column => $"{column} = coalesce(kept.{column}, excluded.{column})"))},
                state = CASE WHEN kept.state = 'CANCELLED' OR excluded.state = 'PENDING' OR kept.state = 'FULFILLED' AND excluded.state = 'PAID' THEN kept.state ELSE excluded.state END,
                placed_at = {least}(kept.placed_at, excluded.placed_at), updated_at = {greatest}(kept.updated_at, excluded.updated_at)
                """;
        }
    }

    /// <summary>Said again it changes nothing, and a poorer word never covers a richer one: <see cref="AnalyticsRow.Covers"/>.</summary>
    static string Richer(IEntityType entity)
    {
        string[] key = [.. entity.FindPrimaryKey()!.Properties.Select(p => p.GetColumnName())];
        var others = entity.GetProperties().Select(p => p.GetColumnName()).Except(key);
        return $"({string.Join(", ", key)}) DO UPDATE SET {string.Join(", ", others.Select(column => $"{column} = excluded.{column}"))} WHERE excluded.sequence > kept.sequence OR excluded.sequence = 0 AND kept.sequence = 0 AND excluded.as_of >= kept.as_of";
    }

    static string KeyOf(IEntityType entity, AnalyticsRow row) =>
        string.Join('\n', entity.FindPrimaryKey()!.Properties.Select(p => p.PropertyInfo!.GetValue(row)).Select(value => value is DateTimeOffset time ? time.UtcTicks : value));

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
