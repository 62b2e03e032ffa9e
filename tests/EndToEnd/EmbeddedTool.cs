using System.Net;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The tool's promises to a newcomer: one command that works, an end that leaves nothing behind, mistakes told in one line.</summary>
[Collection(EmbeddedCollection.Name)]
public class EmbeddedTool
{
    [Fact]
    public async Task The_demo_is_one_command_and_its_figures_are_sane()
    {
        await using var shop = EmbeddedShop.Prepare();

        var (code, figures, output) = await shop.Run("demo", "--timeout", "180");

        code.ShouldBe(0, output);
        (Count("orders"), Count("fulfilled"), Count("cancelled"), Count("stuck")).ShouldBe((20, 17, 3, 0), output);
        figures.GetProperty("books_ok").GetBoolean().ShouldBeTrue(output);
        var (p50, p95, first) = (Number("p50_ms"), Number("p95_ms"), Number("first_order_ms"));
        p50.ShouldBeGreaterThan(0);
        p95.ShouldBeGreaterThanOrEqualTo(p50);
        first.ShouldBeGreaterThan(p50);
        Number("memory_mb").ShouldBeGreaterThan(50);
        output.ShouldContain("the books add up");
        output.ShouldNotContain("\u001b");
        EmbeddedShop.Apps.ShouldAllBe(app => shop.ProcessOf(app) == null);
        await shop.BooksShouldAddUp();

        int Count(string name) => figures.GetProperty(name).GetInt32();
        double Number(string name) => figures.GetProperty(name).GetDouble();
    }

    [Fact]
    public async Task A_load_of_many_customers_ends_every_order_and_reports_its_rates()
    {
        await using var shop = EmbeddedShop.Prepare();

        var (code, figures, output) = await shop.Run("load", "--orders", "60", "--users", "20", "--timeout", "120");

        code.ShouldBe(0, output);
        figures.GetProperty("fulfilled").GetInt32().ShouldBe(60, output);
        foreach (var figure in new[] { "accepted_per_s", "ended_per_s", "checkout_p50_ms", "checkout_p95_ms", "analytics_p50_ms", "analytics_p95_ms" })
            figures.GetProperty(figure).GetDouble().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_load_that_lasts_tells_of_each_minute_and_leaves_nothing_open()
    {
        await using var shop = EmbeddedShop.Prepare();

        var (code, figures, output) = await shop.Run("load", "--minutes", "0.1", "--rate", "300", "--timeout", "120");

        code.ShouldBe(0, output);
        var orders = figures.GetProperty("orders").GetInt32();
        orders.ShouldBeGreaterThan(0, output);
        figures.GetProperty("fulfilled").GetInt32().ShouldBe(orders, output);
        var minute = figures.GetProperty("minutes").EnumerateArray().ShouldHaveSingleItem();
        minute.GetProperty("orders").GetInt32().ShouldBe(orders);
        foreach (var figure in new[] { "checkout_p50_ms", "p95_ms", "memory_mb" })
            minute.GetProperty(figure).GetDouble().ShouldBeGreaterThan(0, figure);
    }

    [Theory]
    [InlineData("--orders and --users for a burst, or --minutes", "load")]
    [InlineData("--orders and --users for a burst, or --minutes", "load", "--orders", "5")]
    [InlineData("--orders and --users for a burst, or --minutes", "load", "--minutes", "1", "--orders", "5", "--users", "1")]
    [InlineData("--minutes must be 0.05 to 1440", "load", "--minutes", "0")]
    public async Task A_load_needs_to_know_how_much(string reason, params string[] arguments)
    {
        await using var load = ChildProcess.StartTool(arguments);
        (await load.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(2, load.Tail());
        load.Output.ShouldContain(line => line.StartsWith(reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(15, true)]
    [InlineData(2, false)]
    public async Task Ctrl_C_ends_everything_within_ten_seconds_and_leaves_no_process(int signal, bool isIsolated)
    {
        await using var shop = await EmbeddedShop.Start(new() { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["ecom_twice"] = "a", ["ECOM_TWICE"] = "b" }, isIsolated);
        int[] services = [.. EmbeddedShop.Apps.Select(app => shop.ProcessOf(app)).OfType<int>()];
        services.Length.ShouldBe(isIsolated ? 6 : 0);

        if (signal == 2)
            shop.Host.Interrupt();
        else
            shop.Host.Terminate();
        // The ten seconds are the tool's own: what takes longer is cut off, with another code or a service left.
        var code = await shop.Host.WaitForExit(TimeSpan.FromSeconds(30));

        code.ShouldBe(130, shop.Host.Tail());
        services.ShouldAllBe(id => !EmbeddedShop.IsAlive(id));
    }

    [Fact]
    public async Task A_second_shop_in_the_same_folder_is_refused_in_one_line()
    {
        await using var shop = await EmbeddedShop.Start();

        await using var second = shop.Tool("up");
        var code = await second.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, second.Tail());
        Refusal(second).ShouldContain("taken");
    }

    [Theory]
    [InlineData("apps: [", "not valid YAML")]
    [InlineData("version: 1\napps:\n  - appID: cart-service\n    appDirPath: .\n    appPort: 8001\n    daprHTTPPort: 3501\n    daprGRPCPort: 3601\n    colour: red", "colour")]
    [InlineData("version: 1\napps:\n  - appID: cart-service\n    appDirPath: ./nowhere\n    appPort: 8001\n    daprHTTPPort: 3501\n    daprGRPCPort: 3601", "nowhere")]
    [InlineData("version: 1\napps: []", "no app")]
    public async Task A_wrong_run_file_is_one_line_and_exit_code_2(string yaml, string said)
    {
        using var folder = new TempFolder("run-file");
        folder.Write("EcomDapr.sln", "");
        folder.Write("dapr.yaml", yaml);

        await using var tool = ChildProcess.StartTool(["up", "--data", folder.File("data")], folder: folder.Path);
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, tool.Tail());
        tool.Output.ShouldHaveSingleItem().ShouldContain(said);
        Directory.Exists(folder.File("data")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("PAYMENT_SUCCESS_RATE", "often")]
    [InlineData("ADMIN_EMAIL", "The Admin <admin@ecom.local>")]
    [InlineData("TZ", "Mars/Olympus")]
    public async Task A_setting_that_cannot_be_used_ends_the_start_in_one_line_that_names_it(string name, string value)
    {
        await using var shop = EmbeddedShop.Prepare(new() { [name] = value });

        await using var tool = shop.Tool("up");
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, tool.Tail());
        Refusal(tool).ShouldContain($"{name}='{value}'");
    }

    [Fact]
    public async Task A_data_folder_that_is_a_file_is_one_line_and_exit_code_2()
    {
        using var folder = new TempFolder("data-file");
        var file = folder.Write("a [file]", "");

        await using var tool = ChildProcess.StartTool(["up", "--data", file]);
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, tool.Tail());
        tool.Output.ShouldHaveSingleItem().ShouldContain(file);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("demo")]
    public async Task A_stranger_on_a_services_port_ends_the_start_and_is_named(string verb)
    {
        await using var shop = EmbeddedShop.Prepare();
        using var stranger = Stranger(shop.AppPort(AppIds.Payment));

        await using var tool = shop.Tool(verb);
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, tool.Tail());
        Refusal(tool).ShouldContain($"the port {shop.AppPort(AppIds.Payment)} of payment-service is taken");
        if (OperatingSystem.IsLinux())
            Refusal(tool).ShouldContain($"(pid {Environment.ProcessId})");
    }

    [Fact]
    public async Task An_attached_demo_names_a_stranger_on_a_services_port_while_it_waits()
    {
        await using var shop = EmbeddedShop.Prepare();
        using var stranger = Stranger(shop.AppPort(AppIds.Payment));

        await using var demo = shop.Tool("demo", "--attach");
        await Eventually.Until(() => demo.Output.Count > 0, TimeSpan.FromSeconds(60), "it says for whom it waits");

        demo.Output.First().ShouldContain($"payment-service (the port {shop.AppPort(AppIds.Payment)} is taken");
        if (OperatingSystem.IsLinux())
            demo.Output.First().ShouldContain($"(pid {Environment.ProcessId}), which is not payment-service");
    }

    [Fact]
    public async Task An_attached_demo_waits_until_every_service_is_ready_and_says_for_whom()
    {
        await using var shop = EmbeddedShop.Prepare();

        await using var demo = shop.Tool("demo", "--attach", "--orders", "3");
        await Eventually.Until(() => demo.Output.Any(line => line.StartsWith("waiting for ", StringComparison.Ordinal)), TimeSpan.FromSeconds(60), "it says that it waits");
        await shop.Up();
        var code = await demo.WaitForExit(TimeSpan.FromSeconds(120));

        code.ShouldBe(0, demo.Tail());
        EmbeddedShop.Apps.ShouldAllBe(app => demo.Output.First().Contains(app, StringComparison.Ordinal));
        demo.Output.ShouldContain("the books add up");
    }

    [Fact]
    public async Task An_attached_load_that_could_not_be_audited_orders_nothing()
    {
        await using var shop = await EmbeddedShop.Start();
        using var elsewhere = new TempFolder("elsewhere");

        await using var load = ChildProcess.StartTool(["load", "--orders", "5", "--users", "1", "--attach", "--data", elsewhere.Path, "--port-offset", $"{shop.Offset}"]);
        var code = await load.WaitForExit(TimeSpan.FromSeconds(120));

        code.ShouldBe(2, load.Tail());
        load.Output.Last().ShouldContain("--data");
        (await shop.Rows(AppIds.Order, "SELECT order_id FROM orders")).ShouldBeEmpty();
        (await shop.Run("audit")).Output.ShouldStartWith($"books   {shop.Data}");
    }

    [Fact]
    public async Task An_audit_that_is_told_no_folder_says_where_it_looks()
    {
        using var folder = new TempFolder("audit");
        folder.Write("EcomDapr.sln", "");
        folder.Write("dapr.yaml", "version: 1\napps:\n  - appID: order-service\n    appDirPath: .\n    appPort: 8002\n    daprHTTPPort: 3502\n    daprGRPCPort: 3602");

        await using var audit = ChildProcess.StartTool(["audit"],
            new Dictionary<string, string?> { ["POSTGRES_HOST"] = null, ["ConnectionStrings__Db"] = null }, folder.Path);
        var code = await audit.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, audit.Tail());
        audit.Output.ShouldHaveSingleItem().ShouldContain($" in {folder.File(".ecom")}: ");
    }

    [Fact]
    public async Task The_audit_finds_what_does_not_add_up()
    {
        await using var shop = await EmbeddedShop.Start();
        var orderId = await shop.Customer.Order(Customer.NewUser("mal"), PaymentTokens.Success, ("PROD-001", 1));
        await shop.Customer.WaitFor(orderId, "FULFILLED");
        await shop.Mail($"Order Confirmed #{orderId}");
        shop.Host.Terminate();
        await shop.Host.WaitForExit(TimeSpan.FromSeconds(60));
        await shop.Change(AppIds.Payment, "UPDATE payments SET amount = '1.00' WHERE order_id = $1", orderId);
        await shop.Change(AppIds.Inventory, "DELETE FROM stock_reservations WHERE order_id = $1", orderId);
        await shop.Change(AppIds.Notification, "UPDATE notifications SET status = 'PENDING', sent_at = NULL WHERE order_id = $1", orderId);

        var (code, figures, output) = await shop.Run("audit");

        code.ShouldBe(1, output);
        string[] mismatches = [.. figures.GetProperty("mismatches").EnumerateArray().Select(mismatch => mismatch.GetString()!)];
        mismatches.ShouldContain($"money: {orderId} is fulfilled for 149.99 but 1.00 was charged");
        mismatches.ShouldContain($"stock: {orderId} is fulfilled with 1 x PROD-001 but nothing was reserved for it");
        mismatches.ShouldContain($"mail: {orderId} is fulfilled and has 0 mails sent (1 written)");
    }

    /// <summary>All that a tool has said which did not get beyond the start: one line.</summary>
    static string Refusal(ChildProcess tool) => tool.Output.Where(line => !line.StartsWith("starting ", StringComparison.Ordinal)).ShouldHaveSingleItem();

    /// <summary>Listens there, and is none of the shop's services.</summary>
    static HttpListener Stranger(int port)
    {
        var stranger = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
        stranger.Start();
        _ = stranger.GetContextAsync().ContinueWith(asked => asked.Result.Response.Close(), TaskScheduler.Default);
        return stranger;
    }
}
