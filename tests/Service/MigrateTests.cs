using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

public sealed class PaymentToMigrate() : ServiceFixture("Payment", Database.Postgres);

/// <summary>`migrate`, the service's own way to bring its schema in PostgreSQL up to date. A SQLite file is made from the model and has no migrations.</summary>
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
