using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Notifications;

public sealed class NotificationDb(DbContextOptions<NotificationDb> options) : ServiceDb(options, AppIds.Notification)
{
    static readonly string[] Until = ["medium_until", "high_until", "critical_until"];

    public DbSet<Notification> Notifications => Set<Notification>();

    /// <summary>Notes that the administrator is told of the alert. False: a mail has said as much. One statement decides, because a user's windows are handled side by side.</summary>
    public async Task<bool> NoteIfNews(FraudDetected fraud, CancellationToken ct)
    {
        var severity = fraud.Severity switch { "CRITICAL" => 2, "HIGH" => 1, _ => 0 };
        var ends = Until.Select((_, level) => (object)(level <= severity ? fraud.WindowEnd : DateTimeOffset.MinValue).UtcDateTime);
        var (table, later) = (Model.FindEntityType(typeof(FraudNotice))!.GetSchemaQualifiedTableName(), Database.IsSqlite() ? "max" : "greatest");
#pragma warning disable EF1002 // The names are the model's own; the values are parameters.
        return await Database.ExecuteSqlRawAsync($$"""
            INSERT INTO {{table}} AS told (user_id, alert_type, {{string.Join(", ", Until)}}) VALUES ({0}, {1}, {2}, {3}, {4})
            ON CONFLICT (user_id, alert_type) DO UPDATE SET {{string.Join(", ", Until.Select(until => $"{until} = {later}(told.{until}, excluded.{until})"))}}
            WHERE told.{{Until[severity]}} <= {5}
            """, [fraud.UserId, fraud.AlertType, .. ends, fraud.WindowStart.UtcDateTime], ct) == 1;
#pragma warning restore EF1002
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<Notification>(e =>
        {
            e.ToTable("notifications", t =>
            {
                t.HasCheckConstraint("ck_notifications_status", "status IN ('PENDING', 'SENT', 'FAILED')");
                t.HasCheckConstraint("ck_notifications_kind", $"kind IN ('{string.Join("', '", Kinds.All)}')");
                t.HasCheckConstraint("ck_notifications_attempts", "attempts >= 0");
                t.HasCheckConstraint("ck_notifications_sent_at", "(status = 'SENT') = (sent_at IS NOT NULL)");
            });
            e.HasKey(n => n.NotificationId);
            e.Property(n => n.Status).HasConversion<string>();
            e.HasIndex(n => new { n.EventId, n.Kind }).IsUnique();
            e.HasIndex(n => new { n.UserId, n.CreatedAt });
            e.HasIndex(n => n.OrderId).HasFilter("order_id IS NOT NULL");
            e.HasIndex(n => n.CreatedAt).HasFilter("status = 'PENDING'").HasDatabaseName("ix_notifications_pending");
            e.HasIndex(n => n.NotificationId).HasFilter("status = 'FAILED'").HasDatabaseName("ix_notifications_failed");
        });
        model.Entity<FraudNotice>(e =>
        {
            e.ToTable("fraud_notices", t => t.HasCheckConstraint("ck_fraud_notices_until", "critical_until <= high_until AND high_until <= medium_until"));
            e.HasKey(n => new { n.UserId, n.AlertType });
        });
    }
}
