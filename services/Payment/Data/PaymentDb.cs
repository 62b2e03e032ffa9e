using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Payments;

public sealed class PaymentDb(DbContextOptions<PaymentDb> options) : ServiceDb(options, AppIds.Payment)
{
    public DbSet<Payment> Payments => Set<Payment>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<Payment>(e =>
        {
            e.ToTable("payments", t =>
            {
                t.HasCheckConstraint("ck_payments_status", "status IN ('PENDING', 'PROCESSED', 'FAILED', 'REFUNDED', 'CANCELLED')");
                t.HasCheckConstraint("ck_payments_amount", "CAST(amount AS numeric) >= 0");
            });
            e.HasKey(p => p.PaymentId);
            e.HasIndex(p => p.OrderId).IsUnique();
            e.Property(p => p.Status).HasConversion<string>();
            e.Property(p => p.Version).IsConcurrencyToken();
        });
    }
}
