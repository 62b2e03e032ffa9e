using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Inventory;

public sealed class InventoryDb(DbContextOptions<InventoryDb> options) : ServiceDb(options, AppIds.Inventory)
{
    public DbSet<Product> Products => Set<Product>();
    public DbSet<OrderReservation> Reservations => Set<OrderReservation>();
    public DbSet<Restock> Restocks => Set<Restock>();

    /// <summary>Adds the catalogue's products that are not there yet; the others keep their stock.</summary>
    public Task Seed(StockOptions options) => InTransaction(async () =>
    {
        var known = await Products.Select(p => p.ProductId).ToListAsync();
        Products.AddRange(Catalogue.Products.Select(p => Product.Seeded(p.Id, p.Name, p.Price, options.Initial)).Where(p => !known.Contains(p.ProductId)));
    });

    /// <summary>What was decided about the order, with its lines.</summary>
    public async Task<OrderReservation?> Reservation(string orderId, CancellationToken ct)
    {
        if (!Loaded.Contains((typeof(OrderReservation), orderId)))
            await Load([orderId], ct);
        return Reservations.Local.FindEntry(orderId)?.Entity;
    }

    /// <summary>The products, held against every other writer until the transaction ends. What is not in the catalogue is not in the answer.</summary>
    public async Task<IReadOnlyList<Product>> Held(IEnumerable<string> productIds, CancellationToken ct)
    {
        string[] ids = [.. productIds.Distinct().Order(StringComparer.Ordinal)];
        if (!ids.All(id => Loaded.Contains((typeof(Product), id))))
            await Hold(ids, ct);
        return [.. ids.Select(id => Products.Local.FindEntry(id)?.Entity).OfType<Product>()];
    }

    protected override async Task Prepare(IReadOnlyList<object> facts, CancellationToken ct)
    {
        await Load(OrdersOf(facts), ct);
        var products = facts.OfType<OrderConfirmed>().SelectMany(fact => fact.Items.Select(item => item.ProductId))
            .Concat(Reservations.Local.SelectMany(reservation => reservation.Lines.Select(line => line.ProductId)));
        await Held(products, ct);
    }

    async Task Load(string[] orderIds, CancellationToken ct)
    {
        await Reservations.Where(r => orderIds.Contains(r.OrderId)).Include(r => r.Lines).LoadAsync(ct);
        Loaded.UnionWith(orderIds.Select(id => (typeof(OrderReservation), id)));
    }

    /// <summary>In one order of rows for everybody: two transactions with the same products cannot wait for each other in a ring.</summary>
    async Task Hold(string[] productIds, CancellationToken ct)
    {
        // Under SQLite the transaction itself is alone.
        var products = Database.IsNpgsql()
            ? Products.FromSql($"SELECT * FROM inventory_service.products WHERE product_id = ANY({productIds}) ORDER BY product_id FOR UPDATE")
            : Products.Where(p => productIds.Contains(p.ProductId));
        await products.LoadAsync(ct);
        Loaded.UnionWith(productIds.Select(id => (typeof(Product), id)));
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<Product>(e =>
        {
            e.ToTable("products", t =>
            {
                t.HasCheckConstraint("ck_products_stock", "stock >= 0 AND reserved >= 0");
                t.HasCheckConstraint("ck_products_balance", "stock + reserved = initial_stock + restocked");
            });
            e.HasKey(p => p.ProductId);
            e.Property(p => p.Version).IsConcurrencyToken();
        });
        model.Entity<Restock>(e =>
        {
            e.ToTable("restocks");
            e.HasKey(r => new { r.ProductId, r.IdempotencyKey });
        });
        model.Entity<OrderReservation>(e =>
        {
            e.ToTable("order_reservations", t => t.HasCheckConstraint("ck_order_reservations_status", "status IN ('RESERVED', 'REFUSED', 'RELEASED', 'CANCELLED')"));
            e.HasKey(r => r.OrderId);
            e.Property(r => r.Status).HasConversion<string>();
            e.Property(r => r.Version).IsConcurrencyToken();
            e.HasMany(r => r.Lines).WithOne().HasForeignKey(l => l.OrderId);
        });
        model.Entity<StockReservation>(e =>
        {
            e.ToTable("stock_reservations", t => t.HasCheckConstraint("ck_stock_reservations_quantity", "quantity > 0"));
            e.HasKey(l => new { l.OrderId, l.ProductId });
            e.Property(l => l.Status).HasConversion<string>();
        });
    }
}
