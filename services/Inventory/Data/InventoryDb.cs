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
        Products.AddRange(Catalogue.Select(p => Product.Seeded(p.Id, p.Name, p.Price, options.Initial)).Where(p => !known.Contains(p.ProductId)));
    });

    static readonly (string Id, string Name, decimal Price)[] Catalogue =
    [
        ("PROD-001", "Wireless Headphones", 149.99m), ("PROD-002", "USB-C Cable", 12.99m), ("PROD-003", "Phone Case", 19.99m), ("PROD-004", "Screen Protector", 9.99m),
        ("PROD-005", "Power Bank", 49.99m), ("PROD-006", "Laptop Stand", 39.99m), ("PROD-007", "Mechanical Keyboard", 99.99m), ("PROD-008", "Mouse Pad", 24.99m),
        ("PROD-009", "USB Hub", 29.99m), ("PROD-010", "Monitor Stand", 89.99m), ("PROD-011", "Desk Lamp", 34.99m), ("PROD-012", "Cable Organizer", 14.99m),
        ("PROD-013", "Webcam", 59.99m), ("PROD-014", "Microphone", 79.99m), ("PROD-015", "HDMI Cable", 15.99m), ("PROD-016", "SD Card 128GB", 34.99m),
        ("PROD-017", "External SSD 1TB", 129.99m), ("PROD-018", "Cooling Pad", 44.99m), ("PROD-019", "Keyboard Cover", 9.99m), ("PROD-020", "Phone Holder", 14.99m),
    ];

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
