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

        var (code, figures, output) = await shop.Run("demo");

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

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    public async Task Ctrl_C_ends_everything_within_ten_seconds_and_leaves_no_process(int signal)
    {
        await using var shop = await EmbeddedShop.Start();
        int[] services = [.. EmbeddedShop.Apps.Select(app => shop.ProcessOf(app)!.Value)];

        if (signal == 2)
            shop.Host.Interrupt();
        else
            shop.Host.Terminate();
        var code = await shop.Host.WaitForExit(TimeSpan.FromSeconds(10));

        code.ShouldBe(0, shop.Host.Tail());
        services.ShouldAllBe(id => !EmbeddedShop.IsAlive(id));
    }

    [Fact]
    public async Task A_second_shop_in_the_same_folder_is_refused_in_one_line()
    {
        await using var shop = await EmbeddedShop.Start();

        await using var second = shop.Tool("up");
        var code = await second.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, second.Tail());
        second.Output.Last().ShouldContain("taken");
    }

    [Theory]
    [InlineData("apps: [", "not valid YAML")]
    [InlineData("version: 1\napps:\n  - appID: cart-service\n    appDirPath: .\n    appPort: 8001\n    daprHTTPPort: 3501\n    daprGRPCPort: 50101\n    colour: red", "colour")]
    [InlineData("version: 1\napps:\n  - appID: cart-service\n    appDirPath: ./nowhere\n    appPort: 8001\n    daprHTTPPort: 3501\n    daprGRPCPort: 50101", "nowhere")]
    [InlineData("version: 1\napps: []", "no app")]
    public async Task A_wrong_run_file_is_one_line_and_exit_code_2(string yaml, string said)
    {
        using var folder = new TempFolder("run-file");
        folder.Write("EcomDapr.sln", "");
        folder.Write("dapr.yaml", yaml);

        await using var tool = ChildProcess.Start("ecom up", "dotnet", [Repository.File("tools/Ecom/bin/ecom.dll"), "up", "--data", folder.File("data")], folder: folder.Path);
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, tool.Tail());
        tool.Output.ShouldHaveSingleItem().ShouldContain(said);
        Directory.Exists(folder.File("data")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_setting_that_cannot_be_read_ends_the_start_and_is_named()
    {
        await using var shop = EmbeddedShop.Prepare(new() { ["PAYMENT_SUCCESS_RATE"] = "often" });

        await using var tool = shop.Tool("demo");
        var code = await tool.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, tool.Tail());
        tool.Output.Last().ShouldContain("PAYMENT_SUCCESS_RATE");
    }

    [Fact]
    public async Task The_audit_finds_what_does_not_add_up()
    {
        await using var shop = await EmbeddedShop.Start();
        var orderId = await shop.Customer.Order(Customer.NewUser("mal"), PaymentTokens.Success, ("PROD-001", 1));
        await shop.Customer.WaitFor(orderId, "FULFILLED");
        await shop.Mail($"Order Confirmed #{orderId}");
        shop.Host.Terminate();
        await shop.Host.WaitForExit(TimeSpan.FromSeconds(10));
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
}
