using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Notifications;

public sealed class NotificationDb(DbContextOptions<NotificationDb> options) : ServiceDb(options, AppIds.Notification)
{
    public DbSet<Notification> Notifications => Set<Notification>();

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
        });
    }
}
