using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>Each setting of the services is read at their start, and refused where it cannot be used: one line that names it, exit code 2.</summary>
public sealed class WrongSettingsTests : IDisposable
{
    readonly TempFolder folder = new("wrong-setting");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Cart", "CART_TTL_HOURS", "a day")]
    [InlineData("Cart", "LOG_LEVEL", "loud")]
    [InlineData("Cart", "LOG_FORMAT", "xml")]
    [InlineData("Cart", "DAPR_HTTP_PORT", "70000")]
    [InlineData("Order", "SAGA_TIMEOUT_SECONDS", "-1")]
    [InlineData("Order", "FOLLOW_HEARTBEAT_SECONDS", "0")]
    [InlineData("Order", "FOLLOW_MOST", "all")]
    [InlineData("Order", "FOLLOW_MOST_PER_CLIENT", "0")]
    [InlineData("Cart", "RATE_LIMIT_WRITES_PER_SECOND", "many")]
    [InlineData("Order", "EVENT_RETRY_SECONDS", "soon")]
    [InlineData("Payment", "PAYMENT_SUCCESS_RATE", "1.5")]
    [InlineData("Payment", "GATEWAY_FAULT_RATE", "often")]
    [InlineData("Inventory", "INITIAL_STOCK", "-5")]
    [InlineData("Inventory", "LOW_STOCK_THRESHOLD", "few")]
    [InlineData("Notification", "MAIL_FROM", "The Shop <shop@ecom.local>")]
    [InlineData("Notification", "ADMIN_EMAIL", "nobody")]
    [InlineData("Notification", "TZ", "Mars/Olympus")]
    [InlineData("Analytics", "ANALYTICS_ENGINE", "abacus")]
    [InlineData("Analytics", "TRACE_URL", "http://localhost:9411")]
    [InlineData("Analytics", "TRACE_URL", "zipkin/{trace_id}")]
    [InlineData("Analytics", "JOURNAL_EVENTS", "-1")]
    public async Task A_setting_that_cannot_be_used_is_one_line_and_exit_code_2(string service, string name, string value) =>
        (await Refusal(service, (name, value))).ShouldStartWith($"{service.ToLowerInvariant()}-service: {name}='{value}' cannot be read: it must be ");

    [Fact]
    public async Task So_is_the_port_of_a_database() =>
        (await Refusal("Payment", ("POSTGRES_HOST", "localhost"), ("POSTGRES_PORT", "many"))).ShouldContain("POSTGRES_PORT='many' cannot be read");

    [Theory]
    [InlineData("Password=s3cret;garbage")]
    [InlineData("Host=localhost;Password=s3cret;Porto=5432")]
    public async Task So_is_a_connection_string_and_its_password_is_told_to_nobody(string connection)
    {
        var said = await Refusal("Payment", ("ConnectionStrings__Db", connection));

        said.ShouldContain("ConnectionStrings__Db='…' cannot be read");
        said.ShouldNotContain("s3cret");
    }

    async Task<string> Refusal(string service, params (string Name, string Value)[] settings)
    {
        var environment = new Dictionary<string, string?> { ["ECOM_DATA"] = folder.Path, ["APP_PORT"] = $"{Ports.Free()}", ["POSTGRES_HOST"] = null, ["ConnectionStrings__Db"] = null };
        foreach (var (name, value) in settings)
            environment[name] = value;

        await using var process = ChildProcess.Start(service, "dotnet", [Repository.File($"services/{service}/bin/Ecom.{service}.dll")], environment);
        var code = await process.WaitForExit(TimeSpan.FromSeconds(60));

        code.ShouldBe(2, process.Tail());
        return process.Output.ShouldHaveSingleItem();
    }
}
