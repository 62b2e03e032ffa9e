using Ecom.Analytics;
using Ecom.Hosting;
using Ecom.Inventory;
using Ecom.Notifications;
using Ecom.Orders;
using Ecom.Payments;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Ecom.Tests.Contract;

/// <summary>A change of the tables needs a migration, under which the last release's programs still run; CONTRIBUTING.md says how to make one.</summary>
public sealed class MigrationsTests
{
    /// <summary>When the last release was made. What came before it is not asked about.</summary>
    const string LastRelease = "20261126183739";

    /// <summary>Steps that the last release's programs could stumble over, and why they do not. Emptied with each release.</summary>
    static readonly Dictionary<string, string> Reviewed = new()
    {
        ["analytics_service.dead_letters: check ck_dead_letters_failures"] = "of a new column, which the last release leaves at its default",
        ["analytics_service.dead_letters: check ck_dead_letters_settled_at"] = "of new columns, which the last release leaves at their defaults",
        ["analytics_service.dead_letters: check ck_dead_letters_status"] = "of a new column, which the last release leaves at its default",
        ["analytics_service: UPDATE analytics_service.dead_letters SET status = 'REPLAYING' WHERE replayed_at IS NOT NULL"] = "fills a new column",
    };

    public static TheoryData<string> Services { get; } = ["Order", "Payment", "Inventory", "Notification", "Analytics"];

    [Theory, MemberData(nameof(Services))]
    public void A_service_has_a_migration_for_its_tables(string service)
    {
        using var db = Db(service);

        db.Database.HasPendingModelChanges().ShouldBeFalse();
        db.Database.GetMigrations().ShouldNotBeEmpty();
    }

    /// <summary>In a rolling update the schema is new first, and for a while both programs write.</summary>
    [Theory, MemberData(nameof(Services))]
    public void The_last_releases_program_runs_on_todays_tables(string service)
    {
        using var db = Db(service);
        var migrations = db.GetService<IMigrationsAssembly>();

        MigrationOperation[] steps = [.. migrations.Migrations.Where(migration => string.CompareOrdinal(migration.Key, LastRelease) > 0)
            .SelectMany(migration => migrations.CreateMigration(migration.Value, db.Database.ProviderName!).UpOperations)];
        // Nobody has used those before.
        var made = steps.OfType<CreateTableOperation>().Select(table => table.Name).ToHashSet();

        steps.Where(step => step is not ITableMigrationOperation of || !made.Contains(of.Table)).Select(step => InTheWay(step, db.Schema)).OfType<string>().Except(Reviewed.Keys).ShouldBeEmpty();
    }

    [Fact]
    public void What_would_break_the_last_releases_program_is_seen()
    {
        MigrationOperation[] steps =
        [
            new DropColumnOperation { Table = "t", Name = "c" }, new DropTableOperation { Name = "t" }, new RenameColumnOperation { Table = "t", Name = "c", NewName = "d" },
            new RenameTableOperation { Name = "t", NewName = "u" }, new AlterColumnOperation { Table = "t", Name = "c" }, new SqlOperation { Sql = "DELETE FROM t" },
            new AddColumnOperation { Table = "t", Name = "c" }, new AddCheckConstraintOperation { Table = "t", Name = "c" }, new CreateIndexOperation { Table = "t", Name = "i", IsUnique = true },
        ];

        steps.Where(step => InTheWay(step, "s") is null).ShouldBeEmpty();
        InTheWay(new AddColumnOperation { Table = "t", Name = "c", IsNullable = true }, "s").ShouldBeNull();
        InTheWay(new AddColumnOperation { Table = "t", Name = "c", DefaultValue = 1 }, "s").ShouldBeNull();
        InTheWay(new CreateTableOperation { Name = "t" }, "s").ShouldBeNull();
    }

    /// <returns>What a program that knows nothing of the step could stumble over; null for what is only added.</returns>
    static string? InTheWay(MigrationOperation step, string schema) => step switch
    {
        CreateTableOperation or DropIndexOperation or DropCheckConstraintOperation or CreateIndexOperation { IsUnique: false } => null,
        AddColumnOperation added when added.IsNullable || added.DefaultValue is not null || added.DefaultValueSql is not null => null,
        // The news of a commit, for other replicas.
        SqlOperation own when own.Sql.Contains("pg_notify", StringComparison.Ordinal) => null,
        AddCheckConstraintOperation check => $"{schema}.{check.Table}: check {check.Name}",
        SqlOperation own => $"{schema}: {own.Sql}",
        ITableMigrationOperation of => $"{schema}.{of.Table}: {step.GetType().Name}",
        _ => $"{schema}: {step.GetType().Name}",
    };

    static ServiceDb Db(string service) => service switch
    {
        "Order" => new OrderDb(Options<OrderDb>()),
        "Payment" => new PaymentDb(Options<PaymentDb>()),
        "Inventory" => new InventoryDb(Options<InventoryDb>()),
        "Notification" => new NotificationDb(Options<NotificationDb>()),
        _ => new AnalyticsDb(Options<AnalyticsDb>()),
    };

    static DbContextOptions<TDb> Options<TDb>() where TDb : ServiceDb => new DbContextOptionsBuilder<TDb>().UseNpgsql("Host=nowhere").UseSnakeCaseNamingConvention().Options;
}
