using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Inventory;

public sealed class InventoryDb(DbContextOptions<InventoryDb> options) : ServiceDb(options, AppIds.Inventory)
{
    public DbSet<Product> Products => Set<Product>();
    public DbSet<OrderReservation> Reservations => Set<OrderReservation>();

    /// <summary>Adds the catalogue's products that are not there yet; the others keep their stock.</summary>
    public Task Seed(StockOptions options) => InTransaction(async () =>
    {
        var known = await Products.Select(p => p.ProductId).ToListAsync();
        Products.AddRange(Catalogue.Products.Select(p => Product.Seeded(p.Id, p.Name, p.Price, options.Initial)).Where(p => !known.Contains(p.ProductId)));
    });

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
