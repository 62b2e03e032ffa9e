using Ecom.Tests.Support;
using Ecom.Tool;
using Microsoft.Data.Sqlite;

namespace Ecom.Tests.Unit;

/// <summary>`ecom outbox`: an operator sees what was given up, and sends it again or deletes it; what waits for its turn is not touched.</summary>
public sealed class OutboxVerbTests : IDisposable
{
    readonly TempFolder data = new("outbox");

    public OutboxVerbTests()
    {
        foreach (var app in (string[])["order-service", "payment-service", "inventory-service", "notification-service", "analytics-service"])
            Sql(app, "CREATE TABLE outbox_events (id INTEGER PRIMARY KEY, topic TEXT, key TEXT, attempts INTEGER, created_at TEXT, retry_at TEXT, parked_at TEXT, error TEXT)");
        Sql("order-service", """
            INSERT INTO outbox_events VALUES
              (1, 'order.created', 'ORD-1', 10, datetime('now', '-3 hours'), datetime('now'), datetime('now'), 'too large'),
              (2, 'order.created', 'ORD-2', 10, datetime('now', '-1 hour'), datetime('now'), datetime('now'), 'too large'),
              (3, 'order.created', 'ORD-3', 4, datetime('now'), datetime('now'), NULL, 'too large')
            """);
        Sql("payment-service", "INSERT INTO outbox_events VALUES (1, 'payment.processed', 'ORD-1', 10, datetime('now'), datetime('now'), datetime('now'), NULL)");
    }

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task A_retried_event_has_all_its_attempts_before_it_and_the_others_stay_parked()
    {
        (await Run("retry", "--service", "order-service", "--id", "2")).ShouldBe(0);

        Sql("order-service", "SELECT id, attempts, retry_at IS NULL, parked_at IS NULL FROM outbox_events ORDER BY id").ShouldBe(["1 10 0 0", "2 0 1 1", "3 4 0 1"]);
        Sql("payment-service", "SELECT parked_at IS NULL FROM outbox_events").ShouldBe(["0"]);
    }

    [Fact]
    public async Task Retry_all_sends_what_is_parked_in_every_service()
    {
        (await Run("retry", "--all")).ShouldBe(0);

        Sql("order-service", "SELECT id FROM outbox_events WHERE parked_at IS NULL AND attempts = 0").ShouldBe(["1", "2"]);
        Sql("payment-service", "SELECT id FROM outbox_events WHERE parked_at IS NULL").ShouldBe(["1"]);
    }

    [Fact]
    public async Task Discard_deletes_what_is_parked_and_nothing_else()
    {
        (await Run("discard", "--all", "--service", "order-service", "--yes")).ShouldBe(0);

        Sql("order-service", "SELECT id FROM outbox_events").ShouldBe(["3"]);
        Sql("payment-service", "SELECT id FROM outbox_events").ShouldBe(["1"]);
    }

    [Fact]
    public async Task An_event_that_is_not_parked_is_not_touched_and_the_answer_is_no()
    {
        (await Run("discard", "--service", "order-service", "--id", "3", "--yes")).ShouldBe(1);
        (await Run("retry", "--service", "order-service", "--id", "99")).ShouldBe(1);

        Sql("order-service", "SELECT id, attempts FROM outbox_events").ShouldBe(["1 10", "2 10", "3 4"]);
    }

    [Theory]
    [InlineData("retry")]
    [InlineData("discard --id 1 --all --service order-service")]
    [InlineData("retry --id 1")]
    [InlineData("list --service cart-service")]
    public void A_call_that_leaves_open_what_is_meant_is_refused(string call) => Verbs.Root().Parse($"outbox {call}").Errors.ShouldHaveSingleItem();

    [Fact]
    public async Task The_list_shows_where_each_parked_event_was_to_go_and_why_it_did_not()
    {
        await using var tool = ChildProcess.StartTool(["outbox", "list", "--data", data.Path]);
        (await tool.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(0, tool.Tail());

        var lines = tool.Output.Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToList();
        lines.ShouldContain("service id topic key attempts age reason");
        lines.ShouldContain("order-service 1 order.created ORD-1 10 3 h too large");
        lines.ShouldContain("order-service 2 order.created ORD-2 10 60 min too large");
        lines.ShouldNotContain(line => line.Contains("ORD-3"));
        lines.ShouldContain(line => line.StartsWith("payment-service 1 payment.processed"));
    }

    Task<int> Run(params string[] arguments) =>
        Verbs.Root().Parse(["outbox", .. arguments, "--data", data.Path]).InvokeAsync(new() { EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken);

    List<string> Sql(string app, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={data.File(app + ".db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own text.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(i => reader[i])));
        return rows;
    }
}
