using System.Security.Claims;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Payments.Gateway;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Payments;

public sealed class PaymentDb(DbContextOptions<PaymentDb> options) : ServiceDb(options, AppIds.Payment)
{
    public DbSet<Payment> Payments => Set<Payment>();

    /// <summary>The simulated gateway's own book, not ours.</summary>
    public DbSet<GatewayCharge> GatewayCharges => Set<GatewayCharge>();

    /// <summary>Those that the caller may see: a customer their own.</summary>
    public IQueryable<Payment> PaymentsFor(ClaimsPrincipal caller) => caller.Customer() is { } own ? Payments.Where(p => p.UserId == own) : Payments;

    /// <summary>The order's payment, held against every other writer until the transaction ends.</summary>
    public async Task<Payment?> Held(string orderId, CancellationToken ct)
    {
        if (!Loaded.Contains((typeof(Payment), orderId)))
            await Hold([orderId], ct);
        return Payments.Local.FirstOrDefault(p => p.OrderId == orderId);
    }

    /// <summary>These orders' payments at once, in one order of rows for everybody, so that two batches cannot wait for each other in a ring.</summary>
    public async Task Hold(string[] orderIds, CancellationToken ct)
    {
        var payments = Database.IsNpgsql()
            ? Payments.FromSql($"SELECT * FROM payment_service.payments WHERE order_id = ANY({orderIds}) ORDER BY order_id FOR UPDATE")
            : Payments.Where(p => orderIds.Contains(p.OrderId));
        await payments.LoadAsync(ct);
        Loaded.UnionWith(orderIds.Select(id => (typeof(Payment), id)));
    }

    protected override Task Prepare(IReadOnlyList<object> facts, CancellationToken ct) => Hold(OrdersOf(facts), ct);

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<Payment>(e =>
        {
            e.ToTable("payments", t =>
            {
                t.HasCheckConstraint("ck_payments_status", "status IN ('PENDING', 'PROCESSED', 'FAILED', 'REFUNDED', 'CANCELLED')");
                t.HasCheckConstraint("ck_payments_amount", "CAST(amount AS numeric) >= 0");
                t.HasCheckConstraint("ck_payments_undone_at", "(undone_at IS NOT NULL) = (status IN ('REFUNDED', 'CANCELLED'))");
            });
            e.HasKey(p => p.PaymentId);
            e.HasIndex(p => p.OrderId).IsUnique();
            e.HasIndex(p => p.UpdatedAt).HasFilter("status = 'PENDING' OR (status = 'PROCESSED' AND cancel_reason IS NOT NULL)").HasDatabaseName("ix_payments_open");
            e.Property(p => p.Status).HasConversion<string>();
            e.Property(p => p.Version).IsConcurrencyToken();
        });
        model.Entity<GatewayCharge>(e =>
        {
            e.ToTable("gateway_charges");
            e.HasKey(c => c.OrderId);
        });
    }
}
