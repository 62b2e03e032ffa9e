using System.Net;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>What a page in a browser on this machine gets from a service, under another name or from another origin, and what another app gets by its sidecar: nothing.</summary>
public sealed class DoorsTests(OneOfEach services)
{
    const string Item = """{"product_id":"PROD-001","quantity":1}""";

    [Theory]
    [InlineData("Cart", "/cart/u1")]
    [InlineData("Order", "/orders/user/u1")]
    [InlineData("Payment", "/payments/order/o1")]
    [InlineData("Inventory", "/products")]
    [InlineData("Notification", "/notifications/user/u1")]
    [InlineData("Analytics", "/dead-letters")]
    public async Task No_route_answers_to_the_name_of_another_machine(string name, string route)
    {
        var service = await services.Get(name);
        var port = service.Http.BaseAddress!.Port;

        foreach (var path in (string[])[route, "/health", "/health/ready", "/metrics", "/openapi.json", "/docs", "/dapr/subscribe", "/nothing"])
        {
            foreach (var host in (string[])["evil.example", $"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", $"{name.ToLowerInvariant()}-service:{port}"])
                (await Ask(service, path, host)).StatusCode.ShouldBe(HttpStatusCode.BadRequest, $"{path} as {host}");
            foreach (var host in (string[])["localhost", $"localhost:{port}", "127.0.0.1", $"[::1]:{port}"])
                (await Ask(service, path, host)).StatusCode.ShouldNotBe(HttpStatusCode.BadRequest, $"{path} as {host}");
        }
    }

    [Fact]
    public async Task The_names_of_the_setting_are_answered_and_no_others()
    {
        await using var service = await ServiceProcess.Start("Payment", Database.Sqlite, new Dictionary<string, string> { ["AllowedHosts"] = "127.0.0.1; payment-service;*.shop.example" });

        foreach (var (host, status) in ((string, HttpStatusCode)[])[
            ("payment-service:8080", HttpStatusCode.OK), ("www.shop.example", HttpStatusCode.OK), ("shop.example.evil.example", HttpStatusCode.BadRequest), ("localhost", HttpStatusCode.BadRequest)])
            (await Ask(service, "/health", host)).StatusCode.ShouldBe(status, host);
    }

    public static TheoryData<string, string> Pages => new()
    {
        { "Origin", "https://evil.example" },
        { "Origin", "null" },
        { "Origin", "http://localhost:3000" },
        { "Origin", "http://localhost" },
        { "Origin", "" },
        { "Sec-Fetch-Site", "cross-site" },
        { "Sec-Fetch-Site", "same-site" },
        { "Sec-Fetch-Site", "" },
    };

    [Theory, MemberData(nameof(Pages))]
    public async Task A_page_of_another_origin_changes_nothing(string header, string value)
    {
        var (cart, user) = (await services.Get("Cart"), $"u-{Guid.NewGuid():N}");
        (await cart.Http.Send("POST", $"/cart/{user}/items", Item)).Status.ShouldBe(HttpStatusCode.Created);

        foreach (var (name, method, path, body, type) in ((string, string, string, string?, string)[])[
            ("Cart", "POST", $"/cart/{user}/items", Item, "application/json"),
            ("Cart", "POST", $"/cart/{user}/items", Item, "text/plain"),
            ("Cart", "POST", $"/cart/{user}/checkout", null, ""),
            ("Cart", "POST", $"/cart/{user}/checkout", "a=b", "application/x-www-form-urlencoded"),
            ("Cart", "PUT", $"/cart/{user}/items/PROD-001", """{"quantity":0}""", "application/json"),
            ("Cart", "DELETE", $"/cart/{user}/items/PROD-001", null, ""),
            ("Order", "POST", "/orders/o1/cancel", null, ""),
            ("Inventory", "POST", "/products/PROD-001/restock", """{"quantity":5}""", "text/plain"),
            ("Analytics", "POST", "/dead-letters/replay", null, ""),
            ("Payment", "POST", "/events/order.created", "{}", "text/plain"),
            ("Payment", "POST", "/nothing", "{}", "text/plain")])
            await (await services.Get(name)).Http.ShouldRefuse(403, method, path, body, type.Length > 0 ? type : "application/json", (header, value));

        (await cart.Get($"/cart/{user}"))["items"]!.AsArray().ShouldHaveSingleItem()!["quantity"]!.GetValue<int>().ShouldBe(1);
    }

    [Fact]
    public async Task A_services_own_page_and_a_link_from_another_are_answered()
    {
        var (cart, user) = (await services.Get("Cart"), $"u-{Guid.NewGuid():N}");
        var own = cart.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

        foreach (var header in ((string, string)[])[("Origin", own), ("Origin", own.Replace("http:", "https:")), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none")])
            (await cart.Http.Send("POST", $"/cart/{user}/items", Item, headers: header)).Status.ShouldBe(HttpStatusCode.Created, $"{header}");
        (await cart.Http.Send("GET", $"/cart/{user}", headers: ("Sec-Fetch-Site", "cross-site"))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Cart", "POST", "/cart/u1/items", Item)]
    [InlineData("Cart", "POST", "/cart/u1/checkout", """{"payment_token":"tok_success"}""")]
    [InlineData("Cart", "PUT", "/cart/u1/items/PROD-001", """{"quantity":1}""")]
    [InlineData("Inventory", "POST", "/products/PROD-001/restock", """{"quantity":5}""")]
    public async Task A_body_that_a_page_may_send_without_asking_is_no_JSON(string name, string method, string path, string body)
    {
        var service = await services.Get(name);

        foreach (var type in (string[])["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
            await service.Http.ShouldRefuse(415, method, path, body, type);
        using var untyped = new HttpRequestMessage(new(method), path) { Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body)) };
        (await service.Http.SendAsync(untyped)).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task No_app_can_bring_an_event_by_invocation()
    {
        await using var service = await ServiceProcess.Start("Payment", Database.Sqlite, new Dictionary<string, string> { ["APP_API_TOKEN"] = "s3cret" });
        var facts = new Facts();

        foreach (var path in (string[])["/events/order.created", "/EVENTS/order.created", "/%65vents/order.created"])
            await service.Http.ShouldRefuse(403, "POST", path, facts.Created(), "application/cloudevents+json", ("dapr-api-token", "s3cret"), ("dapr-caller-app-id", "cart-service"));

        (await service.Count("payments")).ShouldBe(0);
        (await service.Deliver("order.created", facts.Created(), ("dapr-api-token", "s3cret"))).ShouldBe("SUCCESS");
    }

    static async Task<HttpResponseMessage> Ask(ServiceProcess service, string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Host", host);
        return await service.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
