using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

public sealed class OrderDb(DbContextOptions<OrderDb> options) : ServiceDb(options, AppIds.Order)
{
    public DbSet<Order> Orders => Set<Order>();

    /// <summary>The order with its lines, held against every other writer until the transaction ends, so that two decisions never race.</summary>
    public Task<Order?> Held(string orderId, CancellationToken ct)
    {
        // Under SQLite the transaction itself is alone.
        var held = Database.IsNpgsql()
            ? Orders.FromSql($"SELECT * FROM order_service.orders WHERE order_id = {orderId} FOR UPDATE")
            : Orders.Where(o => o.OrderId == orderId);
        return held.Include(o => o.Items).SingleOrDefaultAsync(ct);
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<Order>(e =>
        {
            e.ToTable("orders", t =>
            {
                t.HasCheckConstraint("ck_orders_status", "status IN ('PENDING', 'PAID', 'FULFILLED', 'CANCELLED')");
                t.HasCheckConstraint("ck_orders_total_amount", "CAST(total_amount AS numeric) >= 0");
            });
            e.HasKey(o => o.OrderId);
            e.Property(o => o.Status).HasConversion<string>();
            e.HasIndex(o => new { o.UserId, o.CreatedAt });
            e.HasIndex(o => o.CreatedAt).HasFilter("closed_at IS NULL").HasDatabaseName("ix_orders_open");
            e.Ignore(o => o.IsEnded).Ignore(o => o.IsCharged);
            e.HasMany(o => o.Items).WithOne().HasForeignKey(i => i.OrderId);
        });
        model.Entity<OrderItem>(e =>
        {
            e.ToTable("order_items", t => t.HasCheckConstraint("ck_order_items_quantity", "quantity > 0"));
            e.HasKey(i => new { i.OrderId, i.ProductId });
        });
    }
}
