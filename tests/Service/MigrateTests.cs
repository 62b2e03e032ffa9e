using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

public sealed class PaymentToMigrate() : ServiceFixture("Payment", Database.Postgres);

/// <summary>`migrate`, the service's own way to bring its schema in PostgreSQL up to date.</summary>
public sealed class MigrateTests(PaymentToMigrate payment) : IClassFixture<PaymentToMigrate>
{
    readonly ServiceProcess service = payment.Service;

    [Fact]
    public async Task A_schema_newer_than_the_program_is_refused_in_one_line_and_stays()
    {
        await service.Execute("INSERT INTO __migrations VALUES ('29990101000000_FromTheFuture', '99.0.0')");
        var before = await service.Query("SELECT * FROM __migrations ORDER BY 1");

        var (code, said) = await service.Migrate();

        code.ShouldBe(2, string.Join('\n', said));
        said.ShouldHaveSingleItem().ShouldStartWith("payment-service: The schema is newer than this program, which does not know its migration 29990101000000_FromTheFuture");
        (await service.Query("SELECT * FROM __migrations ORDER BY 1")).ShouldBe(before);
    }

    [Fact]
    public async Task A_fresh_schema_is_filled_without_a_word_of_an_error()
    {
        await service.Stop();
        await service.Execute("DROP SCHEMA payment_service CASCADE; CREATE SCHEMA payment_service AUTHORIZATION payment_service");

        var (code, said) = await service.Migrate();

        code.ShouldBe(0, string.Join('\n', said));
        (await service.Count("payments")).ShouldBe(0);
        said.ShouldNotContain(line => line.Contains("error", StringComparison.OrdinalIgnoreCase));
    }
}

public sealed class PaymentWithFile() : ServiceFixture("Payment", Database.Sqlite);

/// <summary>A SQLite file at the start of a service: today's, a later program's, one whose tables are not the model's. Those of earlier releases are in tests/EndToEnd/EmbeddedUpgrades.cs.</summary>
public sealed class SqliteTablesTests(PaymentWithFile payment) : IClassFixture<PaymentWithFile>
{
    const string Later = "29990101000000_FromTheFuture";
    readonly ServiceProcess service = payment.Service;

    [Fact]
    public async Task A_file_of_a_later_program_is_refused_in_one_line_and_stays()
    {
        await service.Execute($"INSERT INTO __migrations VALUES ('{Later}')");
        var before = await service.Query("SELECT sql FROM sqlite_master");

        var (code, said) = await service.Migrate();

        code.ShouldBe(2, string.Join('\n', said));
        said.ShouldHaveSingleItem().ShouldStartWith($"payment-service: The schema is newer than this program, which does not know its migration {Later}");
        (await service.Query("SELECT sql FROM sqlite_master")).ShouldBe(before);
        await service.Execute($"DELETE FROM __migrations WHERE migration_id = '{Later}'");
    }

    [Fact]
    public async Task A_file_that_cannot_be_carried_over_is_refused_in_one_line_and_stays()
    {
        // Its steps were taken already.
        await service.Execute("CREATE TABLE noted AS SELECT * FROM __migrations; DELETE FROM __migrations WHERE migration_id LIKE '%_Core'");
        var before = await service.Query("SELECT sql FROM sqlite_master");

        var (code, said) = await service.Migrate();

        code.ShouldBe(2, string.Join('\n', said));
        var line = said.ShouldHaveSingleItem();
        line.ShouldStartWith("payment-service: ");
        line.ShouldContain("payment-service.db is of an earlier release and cannot be carried over");
        (await service.Query("SELECT sql FROM sqlite_master")).ShouldBe(before);
        await service.Execute("INSERT OR IGNORE INTO __migrations SELECT * FROM noted; DROP TABLE noted");
    }

    [Fact]
    public async Task A_file_of_before_there_were_notes_tells_by_its_tables_what_it_has()
    {
        var noted = await service.Query("SELECT * FROM __migrations");
        await service.Execute("DROP TABLE __migrations");

        var (code, said) = await service.Migrate();

        code.ShouldBe(0, string.Join('\n', said));
        noted.ShouldNotBeEmpty();
        (await service.Query("SELECT * FROM __migrations")).ShouldBe(noted);
        said.ShouldNotContain(line => line.Contains("carried over", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tables_that_are_not_the_models_are_made_anew_and_keep_their_rows()
    {
        await service.Execute("INSERT INTO processed_events (event_id, topic, processed_at) VALUES ('kept', 'order.created', '2026-01-02 03:04:05.6')");
        await service.Execute("DROP INDEX ix_payments_open; ALTER TABLE processed_events ADD COLUMN of_another_branch TEXT");

        var (code, said) = await service.Migrate();

        code.ShouldBe(0, string.Join('\n', said));
        (await service.Query("SELECT * FROM processed_events WHERE event_id = 'kept'")).ShouldBe(["kept|order.created|2026-01-02 03:04:05.6"]);
        (await service.Query("SELECT name FROM sqlite_master WHERE name = 'ix_payments_open'")).ShouldBe(["ix_payments_open"]);
        await service.Execute("DELETE FROM processed_events");
    }
}
