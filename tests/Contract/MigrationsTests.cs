using Ecom.Analytics;
using Ecom.Hosting;
using Ecom.Inventory;
using Ecom.Notifications;
using Ecom.Orders;
using Ecom.Payments;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Tests.Contract;

/// <summary>A change of the tables needs a migration; CONTRIBUTING.md says how to make one.</summary>
public sealed class MigrationsTests
{
    [Fact]
    public void Order_has_a_migration_for_its_tables() => Check<OrderDb>(options => new(options));

    [Fact]
    public void Payment_has_a_migration_for_its_tables() => Check<PaymentDb>(options => new(options));

    [Fact]
    public void Inventory_has_a_migration_for_its_tables() => Check<InventoryDb>(options => new(options));

    [Fact]
    public void Notification_has_a_migration_for_its_tables() => Check<NotificationDb>(options => new(options));

    [Fact]
    public void Analytics_has_a_migration_for_its_tables() => Check<AnalyticsDb>(options => new(options));

    static void Check<TDb>(Func<DbContextOptions<TDb>, TDb> create) where TDb : ServiceDb
    {
        using var db = create(new DbContextOptionsBuilder<TDb>().UseNpgsql("Host=nowhere").UseSnakeCaseNamingConvention().Options);

        db.Database.HasPendingModelChanges().ShouldBeFalse();
        db.Database.GetMigrations().ShouldNotBeEmpty();
    }
}
