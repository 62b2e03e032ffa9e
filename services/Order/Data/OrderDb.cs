using System.Security.Claims;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Ecom.Orders;

public sealed class OrderDb(DbContextOptions<OrderDb> options) : ServiceDb(options, AppIds.Order)
{
    public const string OrdersTable = "orders";

    public DbSet<Order> Orders => Set<Order>();

    /// <summary>Those that the caller may see: a customer their own.</summary>
    public IQueryable<Order> OrdersFor(ClaimsPrincipal caller) => caller.Customer() is { } own ? Orders.Where(o => o.UserId == own) : Orders;

    /// <summary>The order with its lines, held against every other writer until the transaction ends, so that two decisions never race.</summary>
    public async Task<Order?> Held(string orderId, CancellationToken ct)
    {
        if (!Loaded.Contains((typeof(Order), orderId)))
            await Hold([orderId], ct);
        return Orders.Local.FindEntry(orderId)?.Entity;
    }

    /// <summary>These orders, held as one is.</summary>
    public async Task<IReadOnlyList<Order>> Held(string[] orderIds, CancellationToken ct)
    {
        await Hold(orderIds, ct);
        return [.. orderIds.Select(id => Orders.Local.FindEntry(id)?.Entity).OfType<Order>()];
    }

    /// <summary>The orders of a batch at once, in one order of rows for everybody, so that two batches cannot wait for each other in a ring.</summary>
    protected override Task Prepare(IReadOnlyList<object> facts, CancellationToken ct) =>
        Hold(OrdersOf(facts), ct);

    /// <summary>Who follows a changed order is woken by the commit.</summary>
    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        var watch = this.GetService<OrderWatch>();
        foreach (var order in ChangeTracker.Entries<Order>().Where(e => e.State is EntityState.Added or EntityState.Modified).Select(e => e.Entity.OrderId))
            AfterCommit(() => watch.Changed(order));
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    async Task Hold(string[] orderIds, CancellationToken ct)
    {
        // Under SQLite the transaction itself is alone.
        var orders = Database.IsNpgsql()
            ? Orders.FromSql($"SELECT * FROM order_service.orders WHERE order_id = ANY({orderIds}) ORDER BY order_id FOR UPDATE")
            : Orders.Where(o => orderIds.Contains(o.OrderId));
        await orders.Include(o => o.Items).LoadAsync(ct);
        Loaded.UnionWith(orderIds.Select(id => (typeof(Order), id)));
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<Order>(e =>
        {
            e.ToTable(OrdersTable, t =>
            {
                t.HasCheckConstraint("ck_orders_status", "status IN ('PENDING', 'PAID', 'FULFILLED', 'CANCELLED')");
                t.HasCheckConstraint("ck_orders_total_amount", "CAST(total_amount AS numeric) >= 0");
            });
            e.HasKey(o => o.OrderId);
            e.Property(o => o.Status).HasConversion<string>();
            e.HasIndex(o => new { o.UserId, o.CreatedAt });
            e.HasIndex(o => o.LookedAt).HasFilter("closed_at IS NULL").HasDatabaseName("ix_orders_open");
            e.Ignore(o => o.IsEnded).Ignore(o => o.Owed);
            e.HasMany(o => o.Items).WithOne().HasForeignKey(i => i.OrderId);
        });
        model.Entity<OrderItem>(e =>
        {
            e.ToTable("order_items", t => t.HasCheckConstraint("ck_order_items_quantity", "quantity > 0"));
            e.HasKey(i => new { i.OrderId, i.ProductId });
        });
    }
}
