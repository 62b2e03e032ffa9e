using System.Net;
using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>docker-compose.yml as it is, on a Docker Engine.</summary>
[Needs(Runtime.Docker)]
[Trait("Length", "Long")]
public sealed class ComposeTests(ComposeWorld world) : IClassFixture<ComposeWorld>
{
    [Fact]
    public async Task The_shop_in_containers_sells_and_its_books_add_up()
    {
        var output = await world.Tool("demo", "--attach", "--timeout", "120");

        output.ShouldContain("PENDING → PAID → FULFILLED");
        output.ShouldContain("the books add up");
    }

    /// <summary>What `docker kill` ends stays ended until somebody starts it; meanwhile the others go on, or wait.</summary>
    [Fact]
    public async Task A_service_a_sidecar_and_a_broker_that_are_killed_come_back_and_nothing_is_lost()
    {
        var before = await world.Customer.Order(Customer.NewUser("ada"), PaymentTokens.Success, ("PROD-003", 1));

        await world.Compose("kill", "order-service", "payment-dapr", "kafka-2");
        var meanwhile = await Eventually.Get<string>(
            async () => await world.Customer.Order(Customer.NewUser("ada"), PaymentTokens.Success, ("PROD-003", 1)), TimeSpan.FromSeconds(60), "a cart is checked out while others are down");
        await world.Up();

        await world.Customer.WaitFor(before, "FULFILLED", TimeSpan.FromSeconds(120));
        await world.Customer.WaitFor(meanwhile, "FULFILLED", TimeSpan.FromSeconds(120));
        (await world.Tool("audit")).ShouldContain("the books add up");
    }

    [Fact]
    public async Task Down_and_up_keep_the_data()
    {
        var orderId = await world.Customer.Order(Customer.NewUser("grace"), PaymentTokens.Success, ("PROD-004", 1));
        await world.Customer.WaitFor(orderId, "FULFILLED", TimeSpan.FromSeconds(120));
        var user = Customer.NewUser("grace");
        await world.Customer.Add(user, "PROD-005", 2);

        await world.Compose("down");
        await world.Up();

        (await world.Customer.Read(orderId)).Status.ShouldBe("FULFILLED");
        await world.Customer.WaitFor(await world.Customer.Checkout(user, PaymentTokens.Success), "FULFILLED", TimeSpan.FromSeconds(120));
        (await world.Tool("audit")).ShouldContain("the books add up");
    }

    [Fact]
    public async Task The_jobs_on_the_cluster_make_rows_of_the_shops_events()
    {
        await world.Up("spark");
        var user = Customer.NewUser("rich");
        await world.Customer.Order(user, PaymentTokens.Success, ("PROD-007", 11));

        await Eventually.Until(async () => (await world.Customer.Analytics<FraudDetected>("fraud")).Any(alert => alert.UserId == user && alert.AlertType == "high_order_value"),
            TimeSpan.FromMinutes(5), "Spark's alert of the dear order is served");
        await world.Compose("--profile", "spark", "stop", "spark-jobs", "spark-connect", "spark-worker-1", "spark-worker-2", "spark-master");
    }

    /// <summary>What Docker brings to a published port comes from its own network, for a service from another machine.</summary>
    [Fact]
    public async Task In_a_container_nothing_is_open_without_a_key()
    {
        using var http = new HttpClient();

        foreach (var (app, path) in ((string, string)[])[(AppIds.Cart, "cart/ada"), (AppIds.Order, "orders/user/ada"), (AppIds.Analytics, "dead-letters")])
            (await http.GetAsync(world.Address(app, path))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, path);
        (await http.GetAsync(world.Address(AppIds.Inventory, "products"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Every_service_every_sidecar_placement_and_scheduler_are_scraped_and_the_rules_are_read()
    {
        await world.Compose("up", "--detach", "--no-deps", "prometheus");
        using var http = new HttpClient();

        await Eventually.Until(async () =>
        {
            var targets = JsonNode.Parse(await http.GetStringAsync(new Uri(world.Prometheus, "api/v1/targets")))!["data"]!["activeTargets"]!.AsArray();
            return targets.Count == 14 && targets.All(target => (string?)target!["health"] == "up");
        }, TimeSpan.FromMinutes(2), "Prometheus reads all fourteen");
        (await http.GetStringAsync(new Uri(world.Prometheus, "api/v1/rules"))).ShouldContain("EventsWait");
    }

    /// <summary>`clean` from within, as the scripts do it from outside: what runs goes on with empty tables and topics.</summary>
    [Fact]
    public async Task The_shop_is_emptied_while_it_runs_and_sells_on()
    {
        var before = await world.Customer.Order(Customer.NewUser("alan"), PaymentTokens.Success, ("PROD-006", 1));
        await world.Customer.WaitFor(before, "FULFILLED", TimeSpan.FromSeconds(120));

        await world.Compose(ComposeWorld.Setup("clean", "database", "--yes"));
        await world.Compose(ComposeWorld.Setup("clean", "kafka", "--yes"));

        (await world.Sql("SELECT count(*) FROM order_service.orders")).Trim().ShouldBe("0");
        (await world.Tool("demo", "--attach", "--timeout", "120")).ShouldContain("the books add up");
    }

    [Theory]
    [InlineData("TZ", "Mars/Olympus", "TZ='Mars/Olympus'")]
    [InlineData("POSTGRES_PASSWORD", "wrong", "password authentication failed")]
    [InlineData("KAFKA_BROKERS", "kafka-9:19092", "Kafka kafka-9:19092: ")]
    public async Task A_setting_that_cannot_be_used_ends_the_setup_in_one_line(string name, string value, string said)
    {
        await using var setup = world.Start(ComposeWorld.SetupWith($"{name}={value}"));
        var code = await setup.WaitForExit(TimeSpan.FromMinutes(2));

        code.ShouldBe(2, setup.Tail());
        setup.Output.Where(line => !line.Contains(" unchanged", StringComparison.Ordinal) && !line.StartsWith("postgresql  tables of", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldContain(said);
    }

    [Fact]
    public async Task Without_its_passwords_the_file_says_what_to_do()
    {
        await using var compose = ChildProcess.Start("docker compose", "docker", ["compose", "--file", Repository.File("docker-compose.yml"), "--env-file", "/dev/null", "--profile", "*", "config", "--quiet"]);

        (await compose.WaitForExit(TimeSpan.FromMinutes(1))).ShouldNotBe(0);
        compose.Output.ShouldHaveSingleItem().ShouldContain("is not set. Copy .env.example to .env and choose one in it");
    }

    [Fact]
    public async Task The_readmes_line_makes_the_settings_that_the_file_needs()
    {
        using var folder = new TempFolder("settings");
        File.Copy(Repository.File(".env.example"), folder.File(".env.example"));
        await ChildProcess.Run("bash", ["-c", File.ReadLines(Repository.File("README.md")).First(line => line.StartsWith("sed ", StringComparison.Ordinal))], folder: folder.Path);

        var services = await ChildProcess.Run("docker", ["compose", "--file", Repository.File("docker-compose.yml"), "--env-file", folder.File(".env"), "config", "--services"]);

        // One of each profile that the example turns on.
        new[] { "order-service", "spark-jobs", "pgadmin", "grafana" }.ShouldBeSubsetOf(services.Split('\n'));
        services.Split('\n').ShouldNotContain("infra-scheduler");
    }

    [Fact]
    public async Task A_program_of_ours_is_not_root_and_has_no_shell()
    {
        var image = (await world.Compose("images", "--quiet", "order-service")).Trim();
        var user = await ChildProcess.Run("docker", ["image", "inspect", "--format", "{{.Config.User}}", image]);
        await using var shell = world.Start("exec", "--no-TTY", "order-service", "sh", "-c", "true");

        new[] { "", "0", "root" }.ShouldNotContain(user.Trim());
        (await shell.WaitForExit(TimeSpan.FromMinutes(1))).ShouldNotBe(0);
        shell.Tail().ShouldContain("executable file not found");
    }

    [Fact]
    public Task The_file_is_valid_with_every_profile() => world.Compose("--profile", "*", "config", "--quiet");

    [Fact]
    public async Task A_broker_in_the_list_may_be_dead()
    {
        var output = await world.Compose(ComposeWorld.SetupWith("KAFKA_BROKERS=kafka-9:19092,kafka-3:19092"));

        output.ShouldContain("order.created");
    }

    [Fact]
    public async Task A_schema_newer_than_the_program_is_refused_in_one_line()
    {
        await world.Sql("INSERT INTO payment_service.__migrations VALUES ('29990101000000_FromTheFuture', '10.0.0')");

        await using var setup = world.Start(ComposeWorld.Setup());
        var code = await setup.WaitForExit(TimeSpan.FromMinutes(2));
        await world.Sql("DELETE FROM payment_service.__migrations m WHERE m::text LIKE '%FromTheFuture%'");

        code.ShouldBe(2, setup.Tail());
        setup.Output.Last().ShouldContain("newer than this program");
        setup.Output.Last().ShouldContain("FromTheFuture");
    }
}
