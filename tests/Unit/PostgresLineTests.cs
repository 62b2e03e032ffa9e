using Ecom.Hosting;
using Ecom.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ecom.Tests.Unit;

/// <summary>A replica hears what the others commit, and not what it has committed itself.</summary>
[Needs(Runtime.Postgres)]
public sealed class PostgresLineTests
{
    static readonly TimeSpan Soon = Eventually.OnABusyMachine(TimeSpan.FromSeconds(20));

    [Fact]
    public async Task A_commit_of_another_replica_rings_and_one_of_its_own_does_not()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var postgres = await PostgresServer.Start();
        using var bells = new Bells();
        var (outbox, orders) = (bells.Of("outbox_events"), bells.Of("orders"));
        using var line = new PostgresLine(PostgresLine.Options.Of(new(postgres.ConnectionString()) { ApplicationName = "me/1" }, "public"), bells, TimeProvider.System, NullLogger<PostgresLine>.Instance);
        var heard = new TaskCompletionSource<string>();
        line.Heard += (table, key) => heard.TrySetResult($"{table} {key}");
        await line.StartAsync(cancel);
        (await outbox.Wait(Soon, cancel) && await orders.Wait(Soon, cancel)).ShouldBeTrue("when the line stands, everybody looks for what was missed");
        await using var other = await postgres.Open();

        await Notify(other, "outbox_events me/1 ");
        await Notify(other, "orders other/2 ORD-1");
        (await orders.Wait(Soon, cancel)).ShouldBeTrue("the other's order rings");
        (await outbox.Wait(TimeSpan.Zero, cancel)).ShouldBeFalse("its own event does not, though it was told before");
        (await heard.Task).ShouldBe("orders ORD-1");
        await Notify(other, "outbox_events other/2 ");

        (await outbox.Wait(Soon, cancel)).ShouldBeTrue("the other's event rings");
        await line.StopAsync(cancel);
    }

    static async Task Notify(NpgsqlConnection connection, string news)
    {
        await using var command = new NpgsqlCommand("SELECT pg_notify('public', $1)", connection) { Parameters = { new() { Value = news } } };
        await command.ExecuteNonQueryAsync();
    }
}
