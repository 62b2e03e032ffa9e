using Ecom.Contracts;
using Ecom.Sidecar;
using Ecom.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Ecom.Tests.EndToEnd;

/// <summary>`ecom simulate` and `ecom clean` under a shop that runs: tables that fill, and a shop that goes on with nothing in them. The shop is this class's own.</summary>
public class EmbeddedOperators(EmbeddedWorld world) : IClassFixture<EmbeddedWorld>
{
    readonly EmbeddedShop shop = world.Shop;

    [Fact]
    public async Task A_short_simulation_moves_every_table_that_can_move_so_soon_and_the_books_add_up()
    {
        var (code, figures, output) = await shop.Run("simulate", "--attach", "--rate", "120", "--minutes", "0.2", "--timeout", "120");

        code.ShouldBe(0, output);
        figures.GetProperty("fulfilled").GetInt32().ShouldBeGreaterThan(3, output);
        figures.GetProperty("cancelled").GetInt32().ShouldBeGreaterThan(3, output);
        output.ShouldContain("0.2 of 0.2 min: ");
        output.ShouldContain("the books add up");
        (await Users(Topics.CartItemAdded)).Except(await Users(Topics.CheckoutInitiated)).ShouldNotBeEmpty("somebody left a cart");
        var cancelled = await shop.Rows(AppIds.Order, "SELECT DISTINCT cancellation_source AS source FROM orders WHERE cancellation_source IS NOT NULL");
        new[] { CancellationSources.PaymentFailed, CancellationSources.InventoryDepleted, CancellationSources.Customer }.Except(cancelled.Select(row => (string)row["source"]!)).ShouldBeEmpty(output);
        foreach (var table in new[] { "revenue_metrics", "fraud_alerts", "inventory_velocity", "operational_metrics", "dead_letters" })
            await Eventually.Until(async () => (await shop.Rows(AppIds.Analytics, $"SELECT 1 FROM {table} LIMIT 1")).Count > 0, TimeSpan.FromSeconds(60), $"{table} has rows");
    }

    [Fact]
    public async Task A_simulation_refills_what_is_nearly_sold_out()
    {
        var left = await shop.Stock("PROD-020") - 1;
        await shop.Customer.WaitFor(await shop.Customer.Order(Customer.NewUser("greedy"), PaymentTokens.Success, ("PROD-020", left)), "FULFILLED");
        var before = await Restocked("PROD-020");

        var (code, _, output) = await shop.Run("simulate", "--attach", "--rate", "60", "--minutes", "0.05", "--timeout", "120");

        code.ShouldBe(0, output);
        output.ShouldContain(" 1 restocks");
        (await Restocked("PROD-020")).ShouldBe(before + 100);
    }

    [Fact]
    public async Task A_shop_that_runs_goes_on_with_empty_tables_and_its_first_stock()
    {
        // Not so dear that analytics tells of it: that alert would still be on its way.
        var old = await shop.Customer.Order(Customer.NewUser("old"), PaymentTokens.Success, ("PROD-001", 6));
        await shop.Customer.WaitFor(old, "FULFILLED");
        // What is still on its way finds the tables empty and fills them again: the old order's last event, and the open one's first.
        await shop.Mail($"Order Confirmed #{old}");
        await shop.BooksShouldAddUp();
        var open = await shop.Customer.Order(Customer.NewUser("old"), PaymentTokens.Timeout, ("PROD-002", 1));
        await Eventually.Until(
            async () => (await shop.Rows(AppIds.Payment, "SELECT order_id FROM payments WHERE order_id = $1", open)).Count == 1, TimeSpan.FromSeconds(30), "its payment is asked for");

        (await Clean("database")).ShouldContain("1 of 1 open sagas ended");
        (await Clean("kafka")).ShouldContain("emptied");

        await ShouldBeEmpty(AppIds.Order, "orders", "order_items", "processed_events");
        await ShouldBeEmpty(AppIds.Payment, "payments", "gateway_charges", "processed_events");
        await ShouldBeEmpty(AppIds.Notification, "notifications", "processed_events");
        await ShouldBeEmpty(AppIds.Inventory, "stock_reservations", "order_reservations");
        // A minute may be over since.
        (await shop.Rows("sidecars", "SELECT m.offset FROM messages m JOIN topics t ON t.id = m.topic WHERE t.name <> $1", Topics.Heartbeat)).ShouldBeEmpty();
        (await shop.Row(AppIds.Inventory, "SELECT count(*) AS products, min(stock) AS least, max(stock) AS most FROM products")).Values.ShouldBe([20L, 100L, 100L]);
        var next = await shop.Customer.Order(Customer.NewUser("new"), PaymentTokens.Success, ("PROD-001", 1));
        await shop.Customer.WaitFor(next, "FULFILLED");
        await shop.Mail($"Order Confirmed #{next}");
        await shop.BooksShouldAddUp();
        (await shop.Row(AppIds.Order, "SELECT order_id FROM orders"))["order_id"].ShouldBe(next);
    }

    [Fact]
    public async Task Events_that_come_after_a_clean_are_not_lost_by_a_restart()
    {
        var old = await shop.Customer.Order(Customer.NewUser("old"), PaymentTokens.Success, ("PROD-003", 1));
        await shop.Customer.WaitFor(old, "FULFILLED");
        // An event that nobody has had yet goes with the others.
        await shop.Mail($"Order Confirmed #{old}");
        await Clean("kafka");

        shop.Host.Terminate();
        await shop.Host.WaitForExit(TimeSpan.FromSeconds(20));
        await shop.Up();

        await shop.Customer.WaitFor(await shop.Customer.Order(Customer.NewUser("new"), PaymentTokens.Success, ("PROD-003", 1)), "FULFILLED");
        await shop.BooksShouldAddUp();
    }

    [Theory]
    [InlineData("database")]
    [InlineData("kafka")]
    public async Task Without_a_yes_nothing_is_deleted(string what)
    {
        var order = await shop.Customer.Order(Customer.NewUser("old"), PaymentTokens.Success, ("PROD-004", 1));
        await shop.Customer.WaitFor(order, "FULFILLED");

        await using var tool = shop.Tool("clean", what);
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, tool.Tail());
        tool.Output.ShouldHaveSingleItem().ShouldContain("--yes");
        (await shop.Rows(AppIds.Order, "SELECT order_id FROM orders WHERE order_id = $1", order)).Count.ShouldBe(1);
        (await shop.Rows("sidecars", "SELECT offset FROM messages")).ShouldNotBeEmpty();
    }

    [Theory(Skip = "Needs util-linux: its `script` is the terminal.", SkipUnless = nameof(HasTerminal))]
    [InlineData("database")]
    [InlineData("kafka")]
    public async Task Who_says_no_keeps_everything(string what)
    {
        var order = await shop.Customer.Order(Customer.NewUser("old"), PaymentTokens.Success, ("PROD-006", 1));
        await shop.Customer.WaitFor(order, "FULFILLED");

        await using var tool = shop.OnTerminal("n", "clean", what);
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(1, tool.Tail());
        tool.Tail().ShouldContain("[y/N]");
        (await shop.Rows(AppIds.Order, "SELECT order_id FROM orders WHERE order_id = $1", order)).Count.ShouldBe(1);
        (await shop.Rows("sidecars", "SELECT offset FROM messages")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task What_fails_is_listed_replayed_after_the_mend_and_applied_once_by_the_one_that_failed()
    {
        // The notifications' table refuses this product's mail, until somebody mends it.
        await Sql(AppIds.Notification, "CREATE TRIGGER poison BEFORE INSERT ON notifications WHEN NEW.subject LIKE '%PROD-POISON' BEGIN SELECT RAISE(ABORT, 'poisoned'); END");
        await Publish(Topics.InventoryLow, """{"product_id":"PROD-POISON","current_stock":9,"threshold":10}""");
        var ours = new[] { "--topic", Topics.InventoryLow, "--subscriber", AppIds.Notification, "--reason", "poisoned" };
        await Eventually.Until(async () => (await Letters("list", ours)).Output.Contains("OPEN", StringComparison.Ordinal), TimeSpan.FromSeconds(30), "the letter is listed");
        var id = Convert.ToString((await shop.Row(AppIds.Analytics, "SELECT id FROM dead_letters WHERE payload LIKE '%PROD-POISON%'"))["id"], System.Globalization.CultureInfo.InvariantCulture)!;

        var inVain = await Letters("replay", [id, "--timeout", "60"]);
        await Sql(AppIds.Notification, "DROP TRIGGER poison");
        var mended = await Letters("replay", ["--all", .. ours, "--timeout", "60"]);
        var again = await Letters("replay", [id]);

        inVain.Code.ShouldBe(1, inVain.Output);
        inVain.Output.ShouldContain("OPEN, failed 2 times, the last for:");
        mended.Code.ShouldBe(0, mended.Output);
        mended.Output.ShouldContain("1 replayed: 1 applied");
        (again.Code, again.Output).ShouldBe((0, $"{id} inventory.low → notification-service: APPLIED"));
        (await Letters("show", [id])).Output.ShouldContain("PROD-POISON");
        await shop.Mail("Low Stock Alert: Product #PROD-POISON");
        // Analytics hears inventory.low, too, and neither counted it again nor made a letter of it.
        (await shop.Rows(AppIds.Analytics, "SELECT status, failures FROM dead_letters WHERE payload LIKE '%PROD-POISON%'")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_nobody_can_read_is_discarded_and_never_sent_again()
    {
        await Publish(Topics.FraudDetected, """{"user_id":"a b"}""");
        await Eventually.Until(async () => (await Letters("list", ["--topic", Topics.FraudDetected])).Output.Contains("2 of 2", StringComparison.Ordinal), TimeSpan.FromSeconds(30), "notification-service and analytics-service have refused it");

        var vain = await Letters("replay", ["--all", "--topic", Topics.FraudDetected, "--timeout", "60"]);
        var discarded = await Letters("discard", ["--all", "--topic", Topics.FraudDetected, "--yes"]);
        var left = await Letters("replay", ["--all", "--topic", Topics.FraudDetected]);

        vain.Code.ShouldBe(1, vain.Output);
        (discarded.Code, discarded.Output).ShouldBe((0, "2 discarded"));
        left.Output.ShouldStartWith("0 replayed");
        (await shop.Rows(AppIds.Analytics, "SELECT subscriber, failures, status FROM dead_letters WHERE original_topic = $1 ORDER BY subscriber", Topics.FraudDetected))
            .Select(row => string.Join(' ', row.Values)).ShouldBe(["analytics-service 2 DISCARDED", "notification-service 2 DISCARDED"]);
    }

    async Task<(int Code, string Output)> Letters(string verb, string[] arguments)
    {
        await using var tool = ChildProcess.StartTool(["dead-letters", verb, .. arguments, "--port-offset", $"{shop.Offset}"]);
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(120));
        return (code, string.Join('\n', tool.Output));
    }

    /// <summary>By the sidecar's public API, as any program of the same person may.</summary>
    async Task Publish(string topic, string data)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("dapr-api-token", TokenFile.Read(shop.Data));
        using var e = new StringContent(
            $$"""{"specversion":"1.0","id":"{{Guid.NewGuid()}}","source":"test","type":"{{topic}}","subject":"s","time":"{{DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss'Z'}}","data":{{data}}}""",
            System.Net.Http.Headers.MediaTypeHeaderValue.Parse("application/cloudevents+json"));
        using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{shop.SidecarPort(AppIds.Inventory)}/v1.0/publish/{Components.PubSub}/{topic}"), e);
        answer.EnsureSuccessStatusCode();
    }

    async Task Sql(string appId, string sql)
    {
        await using var db = new SqliteConnection($"Data Source={Path.Combine(shop.Data, appId)}.db;Pooling=False;Default Timeout=30");
        await db.OpenAsync();
        await using var command = db.CreateCommand();
#pragma warning disable CA2100 // The test's own text.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    public static bool HasTerminal => OperatingSystem.IsLinux() && Runtimes.OnPath("script") is not null;

    async Task<IEnumerable<string>> Users(string topic) =>
        (await shop.Rows("sidecars", "SELECT DISTINCT m.key AS user FROM messages m JOIN topics t ON t.id = m.topic WHERE t.name = $1", topic)).Select(row => (string)row["user"]!);

    async Task<long> Restocked(string productId) => (long)(await shop.Row(AppIds.Inventory, "SELECT restocked FROM products WHERE product_id = $1", productId))["restocked"]!;

    async Task<string> Clean(string what)
    {
        await using var tool = shop.Tool("clean", what, "--yes");
        (await tool.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(0, tool.Tail());
        return string.Join('\n', tool.Output);
    }

    async Task ShouldBeEmpty(string app, params string[] tables)
    {
        foreach (var table in tables)
            (await shop.Row(app, $"SELECT count(*) AS rows FROM {table}"))["rows"].ShouldBe(0L, table);
    }
}
