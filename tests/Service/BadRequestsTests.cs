using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>Every wrong request is refused in plain words, and the service works afterwards.</summary>
public sealed class BadRequestsTests(CartFixture fixture) : IClassFixture<CartFixture>
{
    static readonly string Long = new('x', 65), VeryLong = new('x', 300);

    public static TheoryData<int, string, string, string?> OnCarts => new()
    {
        { 400, "POST", "/cart/u1/items", "not json" },
        { 400, "POST", "/cart/u1/items", "" },
        { 400, "POST", "/cart/u1/items", "{" },
        { 422, "POST", "/cart/u1/items", "null" },
        { 422, "POST", "/cart/u1/items", "[]" },
        { 422, "POST", "/cart/u1/items", "{}" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001"}""" },
        { 422, "POST", "/cart/u1/items", """{"quantity":1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":null,"quantity":1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":5,"quantity":1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":"1"}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1.5}""" },
        { 400, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":NaN}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":"NaN"}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1e999}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":99999999999999999999}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1,"price":1e999}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1,"price":"1.99"}""" },
        { 400, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1,"price":Infinity}""" },
        { 400, "POST", "/cart/u1/items", "{\"product_id\":\"\ud800\",\"quantity\":1" },
        { 422, "POST", "/cart/u1/items", "{\"product_id\":\"\\ud800\",\"quantity\":1}" },
        { 400, "POST", "/cart/u1/items", "{\"\\ud800\":1}" },
        { 400, "POST", "/cart/u1/items", string.Concat(Enumerable.Repeat("[", 2000)) },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":0}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":-1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1000}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1,"price":-1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1,"price":1.999}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1,"price":1e20}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"","quantity":1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD 001","quantity":1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"../products","quantity":1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"PROD\u0000","quantity":1}""" },
        { 422, "POST", "/cart/u1/items", """{"product_id":"😀","quantity":1}""" },
        { 422, "POST", "/cart/u1/items", $$"""{"product_id":"{{Long}}","quantity":1}""" },
        { 422, "POST", "/cart/u1/items", $$"""{"product_id":"PROD-001","quantity":1,"note":"{{new string('x', 65 * 1024)}}"}""" },
        { 404, "POST", "/cart/u1/items", """{"product_id":"PROD-999","quantity":1}""" },
        { 409, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1,"price":2}""" },
        { 422, "GET", $"/cart/{Long}", null },
        { 422, "GET", $"/cart/{VeryLong}", null },
        { 422, "GET", "/cart/a%20b", null },
        { 422, "GET", "/cart/a%2Fb", null },
        { 422, "GET", "/cart/a%7C%7Cb", null },
        { 422, "GET", "/cart/a+b", null },
        { 422, "GET", "/cart/%F0%9F%98%80", null },
        { 422, "POST", "/cart/a%0Ab/checkout", null },
        { 422, "PUT", $"/cart/u1/items/{Long}", """{"quantity":1}""" },
        { 404, "PUT", "/cart/u1/items/PROD-001", """{"quantity":1}""" },
        { 404, "PUT", "/cart/u1/items/PROD-001", """{"quantity":0}""" },
        { 422, "PUT", "/cart/u1/items/PROD-001", """{"quantity":null}""" },
        { 400, "PUT", "/cart/u1/items/PROD-001", null },
        { 422, "PUT", "/cart/u1/items/PROD-001", """{"quantity":-1}""" },
        { 422, "PUT", "/cart/u1/items/PROD-001", """{"quantity":1000}""" },
        { 404, "DELETE", "/cart/u1/items/PROD-001", null },
        { 422, "DELETE", "/cart/u1/items/%F0%9F%98%80", null },
        { 400, "POST", "/cart/u1/checkout", null },
        { 400, "POST", "/cart/u1/checkout", "{" },
        { 422, "POST", "/cart/u1/checkout", """{"payment_token":5}""" },
        { 422, "POST", "/cart/u1/checkout", """{"payment_token":"tok_free"}""" },
        { 422, "POST", "/cart/u1/checkout", """{"payment_token":""}""" },
        { 404, "GET", "/nothing", null },
        { 404, "POST", "/cart/u1/nothing", null },
        { 405, "PATCH", "/cart/u1", null },
        { 405, "DELETE", "/cart/u1/checkout", null },
        { 405, "GET", "/cart/u1/items", null },
    };

    [Theory]
    [MemberData(nameof(OnCarts))]
    public async Task A_wrong_request_is_refused_in_plain_words(int status, string method, string path, string? body)
    {
        await fixture.Service.Http.ShouldRefuse(status, method, path, body);

        (await fixture.Service.Http.GetAsync("/health")).IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task No_wrong_request_touches_what_is_in_the_cart()
    {
        await fixture.Service.Http.Send("POST", "/cart/keeper/items", """{"product_id":"PROD-001","quantity":2}""");
        var before = await fixture.Service.Get("/cart/keeper");

        foreach (var (status, method, path, body) in OnCarts.Select(row => row.Data).Where(row => row.Item3.StartsWith("/cart/u1/items", StringComparison.Ordinal) && row.Item1 is not (404 or 405)))
            await fixture.Service.Http.ShouldRefuse(status, method, path.Replace("u1", "keeper"), body);

        (await fixture.Service.Get("/cart/keeper")).ToJsonString().ShouldBe(before.ToJsonString());
    }

    [Theory]
    [InlineData("""{"product_id":"PROD-001","quantity":2147483648}""", "quantity must be a whole number from 1 to 999.")]
    [InlineData("""{"product_id":"PROD-001","quantity":1e12}""", "quantity must be a whole number from 1 to 999.")]
    [InlineData("""{"product_id":"PROD-001","quantity":"1"}""", "quantity must be a whole number from 1 to 999.")]
    [InlineData("""{"product_id":"PROD-001","quantity":1.0}""", "quantity must be a whole number from 1 to 999.")]
    [InlineData("""{"product_id":"PROD-001","quantity":true}""", "quantity must be a whole number from 1 to 999.")]
    [InlineData("""{"product_id":"PROD-001","quantity":null}""", "quantity must not be null: it must be a whole number from 1 to 999.")]
    [InlineData("""{"product_id":"PROD-001"}""", "quantity is missing.")]
    [InlineData("""{"quantity":1}""", "product_id is missing.")]
    [InlineData("""{"product_id":null,"quantity":1}""", "product_id must not be null: it must be a text.")]
    [InlineData("""{"product_id":[],"quantity":1}""", "product_id must be a text.")]
    [InlineData("""{"product_id":"PROD-001","quantity":1,"price":"1.99"}""", "price must be a number.")]
    [InlineData("""{"product_id":"PROD-001","quantity":1,"price":1e999}""", "price must be a number.")]
    [InlineData("null", "The body must be a JSON object.")]
    [InlineData("[]", "The body must be a JSON object.")]
    [InlineData("\"x\"", "The body must be a JSON object.")]
    public async Task JSON_that_does_not_fit_is_refused_in_the_words_of_the_wire(string body, string detail) =>
        (await fixture.Service.Http.ShouldRefuse(422, "POST", "/cart/u1/items", body))["detail"]!.ToString().ShouldBe(detail);

    [Fact]
    public async Task A_body_that_is_no_JSON_is_told_where_it_breaks() =>
        (await fixture.Service.Http.ShouldRefuse(400, "POST", "/cart/u1/items", "{\n\"product_id\": PROD}"))["detail"]!.ToString().ShouldBe("The body is not JSON: see line 2, byte 15.");

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task A_body_that_is_not_declared_as_JSON_is_refused(string contentType) =>
        await fixture.Service.Http.ShouldRefuse(415, "POST", "/cart/u1/items", """{"product_id":"PROD-001","quantity":1}""", contentType);

    [Theory]
    [InlineData("😀")]
    [InlineData("a b")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public async Task An_odd_idempotency_key_is_refused(string key) =>
        await fixture.Service.Http.ShouldRefuse(422, "POST", "/cart/u1/checkout", headers: [("Idempotency-Key", Uri.EscapeDataString(key))]);

    [Fact]
    public async Task A_path_with_a_NUL_is_refused_before_it_reaches_a_route()
    {
        using var answer = await fixture.Service.Http.GetAsync("/cart/a%00b");

        ((int)answer.StatusCode).ShouldBe(400);
    }

    [Theory]
    [InlineData("CART_TTL_HOURS", "soon")]
    [InlineData("LOG_LEVEL", "loud")]
    [InlineData("DAPR_GRPC_PORT", "70000")]
    public async Task A_setting_that_cannot_be_read_ends_the_start_and_is_named(string name, string value)
    {
        await using var process = ChildProcess.Start("cart-service", "dotnet", [Repository.File("services/Cart/bin/Ecom.Cart.dll")], new Dictionary<string, string?> { [name] = value, ["APP_PORT"] = $"{Ports.Free()}" });

        (await process.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(2);

        process.Output.ShouldContain(line => line.Contains(name) && line.Contains(value));
    }
}
