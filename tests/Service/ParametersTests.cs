using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>What does not fit a parameter or a field is refused in the wire's words, on every route that has one.</summary>
public sealed class ParametersTests(OneOfEach services)
{
    static readonly string[] NotWhole = ["abc", "", "2147483648", "-99999999999", "1.0", "1e3", "0x1", "1&{0}=2"];

    [Theory]
    [InlineData("Order", "/orders/user/u1", "limit", "limit must be a whole number from 1 to 100.")]
    [InlineData("Order", "/orders/user/u1", "offset", "offset must be a whole number, 0 or more.")]
    [InlineData("Inventory", "/products", "limit", "limit must be a whole number from 1 to 100.")]
    [InlineData("Notification", "/notifications/user/u1", "offset", "offset must be a whole number, 0 or more.")]
    [InlineData("Analytics", "/dead-letters", "limit", "limit must be a whole number from 1 to 100.")]
    [InlineData("Analytics", "/analytics/revenue", "limit", "limit must be a whole number from 1 to 1000.")]
    public async Task A_parameter_that_is_no_whole_number_is_refused_by_its_name(string name, string path, string parameter, string detail)
    {
        var service = await services.Get(name);

        foreach (var value in NotWhole)
            (await service.Http.ShouldRefuse(422, "GET", $"{path}?{parameter}={string.Format(System.Globalization.CultureInfo.InvariantCulture, value, parameter)}"))["detail"]!.ToString().ShouldBe(detail, value);
    }

    [Fact]
    public async Task Other_parameters_and_bodies_are_refused_alike()
    {
        var (analytics, inventory) = (await services.Get("Analytics"), await services.Get("Inventory"));

        foreach (var (service, method, path, body, detail) in ((ServiceProcess, string, string, string?, string)[])
        [
            (analytics, "GET", "/analytics/fraud?from=yesterday", null, "from must be a time such as 2026-01-02T12:00:00Z."),
            (analytics, "GET", "/analytics/velocity?to=", null, "to must be a time such as 2026-01-02T12:00:00Z."),
            (analytics, "POST", "/dead-letters/abc/replay", null, "id must be a whole number."),
            (analytics, "POST", "/dead-letters/99999999999999999999/replay", null, "id must be a whole number."),
            (inventory, "POST", "/products/PROD-001/restock", """{"quantity":2147483648}""", "quantity must be a whole number from 1 to 100000."),
            (inventory, "POST", "/products/PROD-001/restock", """{"quantity":"1"}""", "quantity must be a whole number from 1 to 100000."),
        ])
            (await service.Http.ShouldRefuse(422, method, path, body))["detail"]!.ToString().ShouldBe(detail, path);
    }

    [Fact]
    public async Task A_503_names_the_database_when_that_is_away()
    {
        await using var service = await ServiceProcess.Start("Payment", Database.Sqlite, new Dictionary<string, string> { ["ConnectionStrings__Db"] = $"Host=127.0.0.1;Port={Ports.Free()};Timeout=2" });

        (await service.Http.ShouldRefuse(503, "GET", "/payments/PAY-1"))["detail"]!.ToString().ShouldBe("The database does not answer right now. Try again.");
    }

    [Fact]
    public async Task A_503_names_the_sidecar_when_that_is_away()
    {
        await using var service = await ServiceProcess.Start("Cart");
        await service.Sidecar.DisposeAsync();

        (await service.Http.ShouldRefuse(503, "GET", "/cart/u1"))["detail"]!.ToString().ShouldBe("The sidecar does not answer right now. Try again.");
    }
}
