using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Dapr.Client;
using Ecom.Hosting;
using Ecom.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Configuration;

namespace Ecom.Tests.Service;

/// <summary>Who is let in where: each route of each service, as its table says whom it is for.</summary>
public sealed class CallersTests : IAsyncLifetime
{
    const string Key = "0123456789abcdef0123456789abcdef", AppToken = "s3cret";
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    readonly Facts facts = new();
    Issuer issuer = null!;

    public static TheoryData<string> Services => ["Cart", "Order", "Payment", "Inventory", "Notification", "Analytics"];

    public async ValueTask InitializeAsync() => issuer = await Issuer.Start();

    public ValueTask DisposeAsync() => issuer.DisposeAsync();

    [Theory, MemberData(nameof(Services))]
    public async Task Every_route_lets_in_whom_it_is_for_and_nobody_else(string name)
    {
        await using var service = await Closed(name);
        var values = await Known(service, name);
        var (user, second, role) = (issuer.Token(facts.User), issuer.Token($"u-{Guid.NewGuid():N}"), issuer.Token("somebody", "admin"));

        var routes = await service.Routes();
        routes.Count.ShouldBeGreaterThan(8);
        foreach (var route in routes)
            foreach (var method in route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                var (where, path) = ($"{method} {route.RoutePattern.RawText}", Path(route.RoutePattern, values, route.Metadata.GetMetadata<Door>()?.Audience is Audience.Everyone));
                var door = route.Metadata.GetMetadata<Door>().ShouldNotBeNull($"{where} does not say whom it is for");
                var (nobodys, anothers, own, operators) = Expected(door);
                (door.Audience is Audience.Everyone && method is not ("GET" or "HEAD") && !IsOfThePages(route)).ShouldBeFalse($"{where} changes something, and is for everyone");

                (await Answer(null)).ShouldBe(nobodys, $"{where} as nobody");
                (await Answer(second)).ShouldBe(anothers, $"{where} as another customer");
                (await Answer(user)).ShouldBe(own, $"{where} as the customer");
                (await Answer(role)).ShouldBe(operators, $"{where} as an operator by role");
                (await Answer(Key)).ShouldBe(operators, $"{where} as an operator by key");
                (await Answer(Key[..^1] + "0")).ShouldBe(nobodys, $"{where} by a wrong key");

                async Task<string> Answer(string? bearer)
                {
                    using var answer = await service.Ask(bearer, method, path, method is "GET" or "HEAD" ? null : "{}");
                    return answer.StatusCode switch
                    {
                        HttpStatusCode.Unauthorized => "401",
                        HttpStatusCode.Forbidden => "403",
                        // What exists is not found only by those who may not know of it.
                        HttpStatusCode.NotFound when door is { Audience: Audience.Customer, UserId: null } => "404",
                        _ => "in",
                    };
                }
            }
    }

    static (string Nobody, string Another, string Own, string Operator) Expected(Door door) => door switch
    {
        { Audience: Audience.Everyone } => ("in", "in", "in", "in"),
        { Audience: Audience.Customer, UserId: not null } => ("401", "403", "in", "in"),
        { Audience: Audience.Customer } => ("401", "404", "in", "in"),
        { Audience: Audience.Observers or Audience.Operators } => ("401", "403", "403", "in"),
        _ => ("401", "401", "401", "401"),
    };

    /// <summary>A value for each parameter of a path: what belongs to the customer, and is there.</summary>
    async Task<Dictionary<string, string>> Known(InnerService service, string name)
    {
        var payment = "PAY-1";
        if (name is "Order")
            await Deliver(service, "cart.checkout_initiated", facts.Checkout);
        if (name is "Payment")
        {
            await Deliver(service, "order.created", facts.Created());
            using var answer = await service.Ask(Key, "GET", $"/payments/order/{facts.Order}");
            payment = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["payment_id"]!;
        }
        return new() { ["user_id"] = facts.User, ["order_id"] = facts.Order, ["payment_id"] = payment, ["product_id"] = "PROD-001", ["id"] = "1" };
    }

    static Task Deliver(InnerService service, string topic, string e) => Eventually.Until(async () =>
    {
        using var answer = await service.Ask(null, "POST", $"/events/{topic}", e, ("dapr-api-token", AppToken));
        return (await answer.Content.ReadAsStringAsync()).Contains("SUCCESS", StringComparison.Ordinal);
    }, Soon, $"{topic} is taken");

    /// <summary>What a page shows and does depends on whom its document was written for (tests/EndToEnd/PageTests.cs).</summary>
    static bool IsOfThePages(RouteEndpoint route) => route.RoutePattern.PathSegments is [{ Parts: [RoutePatternLiteralPart { Content: "_blazor" }] }, ..]
        || route.Metadata.GetMetadata<Microsoft.AspNetCore.Components.Endpoints.ComponentTypeMetadata>() is not null;

    /// <param name="isAny">It does not matter whose it is.</param>
    static string Path(RoutePattern pattern, Dictionary<string, string> values, bool isAny) => "/" + string.Join('/', pattern.PathSegments
        .Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            RoutePatternParameterPart { IsOptional: true } or RoutePatternParameterPart { IsCatchAll: true } => "",
            RoutePatternParameterPart parameter => values.TryGetValue(parameter.Name, out var value) ? value : isAny ? "any" : throw new KeyNotFoundException($"{pattern.RawText}: which {parameter.Name} is the customer's?"),
            _ => throw new NotSupportedException(pattern.RawText),
        }))).Where(segment => segment.Length > 0));

    [Fact]
    public async Task Only_a_good_token_of_the_authority_for_this_shop_says_who_a_customer_is()
    {
        await using var service = await Closed("Cart");
        var path = $"/cart/{facts.User}";

        foreach (var (what, token) in ((string, string)[])[
            ("signed by somebody else", issuer.Token(facts.User, by: Issuer.NewKey())),
            ("for another audience", issuer.Token(facts.User, audience: "another")),
            ("of another authority", issuer.Token(facts.User, issuer: "https://login.evil.example")),
            ("out of date", issuer.Token(facts.User, minutes: -60)),
            ("not signed", Unsigned(issuer.Token(facts.User))),
            ("no token", "x.y.z"),
            ("empty", "")])
            await Refused(service, 401, token, path, what);
        await Refused(service, 403, issuer.Token(null), path, "without a subject");
        await Refused(service, 403, issuer.Token(facts.User.ToUpperInvariant()), path, "of somebody with a similar name");
        await Refused(service, 403, issuer.Token("somebody", "operators"), path, "with another role");
        foreach (var token in (string[])[issuer.Token(facts.User), issuer.Token("somebody", "admin"), issuer.Token("somebody", "admin", "role")])
            await In(service, token, path);
    }

    [Fact]
    public async Task Anothers_order_is_refused_as_one_that_does_not_exist()
    {
        await using var service = await Closed("Order");
        await Deliver(service, "cart.checkout_initiated", facts.Checkout);
        var second = issuer.Token("another");

        foreach (var (method, what) in ((string, string)[])[("GET", ""), ("GET", "/events"), ("POST", "/cancel")])
        {
            using var answer = await service.Ask(second, method, $"/orders/{facts.Order}{what}");
            ((int)answer.StatusCode).ShouldBe(404);
            (await answer.Content.ReadAsStringAsync()).ShouldContain($"There is no order {facts.Order}.");
        }
        using var own = await service.Ask(issuer.Token(facts.User), "GET", $"/orders/{facts.Order}");
        (await own.Content.ReadAsStringAsync()).ShouldContain("\"cancel_requested\":false");
    }

    [Fact]
    public async Task Without_key_and_authority_this_machine_does_everything_and_no_other_anything()
    {
        await using var service = await InnerService.Start("Inventory");

        (await Restock(service, null)).ShouldBe(200);
        (await Restock(service, "whatever")).ShouldBe(200);
        foreach (var header in Elsewhere)
            (await Restock(service, null, header)).ShouldBe(401, $"{header}");
        service.Output.ShouldContain(line => line.Contains("Open to whoever is on this machine, closed to all others", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_a_key_this_machine_reads_and_buys_and_an_operator_changes()
    {
        await using var inventory = await InnerService.Start("Inventory", (Operators.Setting, Key));
        await using var cart = await InnerService.Start("Cart", (Operators.Setting, Key));
        await using var analytics = await InnerService.Start("Analytics", (Operators.Setting, Key));

        (await Restock(inventory, null)).ShouldBe(403);
        (await Restock(inventory, "wrong")).ShouldBe(401);
        (await Restock(inventory, Key)).ShouldBe(200);
        (await Restock(inventory, null, (Operators.Header, Key))).ShouldBe(200);
        (await Restock(inventory, null, (Operators.Header, "wrong"))).ShouldBe(401);
        foreach (var (service, path) in ((InnerService, string)[])[(cart, "/cart/anybody"), (analytics, "/dead-letters"), (analytics, "/analytics/fraud")])
        {
            await In(service, null, path);
            await In(service, Key, path, Elsewhere[0]);
            await Refused(service, 401, "wrong", path, "with a wrong key");
            foreach (var header in Elsewhere)
                await Refused(service, 401, null, path, $"{header}", header);
        }
        inventory.Output.ShouldContain(line => line.Contains("Operators come with ECOM_ADMIN_KEY", StringComparison.Ordinal));
    }

    /// <summary>Of an app that has the sidecar's token: that opens no other door, and takes no customer's rights away.</summary>
    [Fact]
    public async Task A_call_by_a_sidecar_is_its_callers_who_has_to_say_who_they_are()
    {
        await using var service = await Closed("Cart");
        (string, string)[] invoked = [("dapr-api-token", AppToken), ("dapr-caller-app-id", "order-service")];
        var path = $"/cart/{facts.User}";

        await Refused(service, 401, null, path, "as an app", invoked);
        await Refused(service, 403, issuer.Token("another"), path, "as another customer", invoked);
        await In(service, issuer.Token(facts.User), path, invoked);
    }

    [Fact]
    public async Task A_page_shows_nothing_to_another_machine_before_the_key()
    {
        await using var open = await InnerService.Start("Analytics");
        await using var closed = await InnerService.Start("Analytics", (Operators.Setting, Key));
        async Task<string> Read(InnerService service, string page, params (string, string)[] headers) => await (await service.Ask(null, "GET", page, null, headers)).Content.ReadAsStringAsync();

        foreach (var page in (string[])["/", "/board/orders", "/board/analytics", "/board/health"])
        {
            foreach (var service in (InnerService[])[open, closed])
                (await Read(service, page)).ShouldContain("<nav");
            (await Read(closed, page, Elsewhere[0])).ShouldSatisfyAllConditions(html => html.ShouldContain("Operator's key"), html => html.ShouldNotContain("<nav"));
            (await Read(open, page, Elsewhere[0])).ShouldSatisfyAllConditions(html => html.ShouldContain("the shop has none"), html => html.ShouldNotContain("<nav"));
        }
    }

    [Fact]
    public async Task A_service_is_known_to_another_by_a_word_that_no_app_can_have_from_its_sidecar()
    {
        await using var service = await Closed("Cart");
        (string, string)[] invoked = [("dapr-api-token", AppToken), ("dapr-caller-app-id", "analytics-service")];
        using var dapr = new DaprClientBuilder().Build();
        using var colleague = new Colleagues(new ConfigurationBuilder().AddInMemoryCollection([new("APP_API_TOKEN", AppToken)]).Build()).Client(dapr, "cart-service");

        await In(service, colleague.DefaultRequestHeaders.Authorization!.Parameter, $"/cart/{facts.User}", invoked);
        await Refused(service, 401, AppToken, $"/cart/{facts.User}", "with the token itself", invoked);
    }

    [Fact(Skip = "this machine has no address but its own loopback", SkipUnless = nameof(HasAnAddress))]
    public async Task From_another_machines_side_nothing_is_open_without_a_key()
    {
        await using var service = await InnerService.Start("Inventory", ("URLS", "http://*:PORT"), ("AllowedHosts", "*"));
        using var http = new HttpClient { BaseAddress = new UriBuilder(service.Http.BaseAddress!) { Host = Address()! }.Uri };

        using var restock = await http.PostAsync("/products/PROD-001/restock", new StringContent("""{"quantity":1}""", System.Text.Encoding.UTF8, "application/json"));

        restock.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await http.GetAsync("/products")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Restock(service, null)).ShouldBe(200);
    }

    public static bool HasAnAddress => Address() is not null;

    static string? Address() => NetworkInterface.GetAllNetworkInterfaces().Where(card => card.OperationalStatus is OperationalStatus.Up)
        .SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(address => address.Address)
        .FirstOrDefault(address => address.AddressFamily is AddressFamily.InterNetwork && !IPAddress.IsLoopback(address))?.ToString();

    [Theory]
    [InlineData("ECOM_ADMIN_KEY", "short", "16 to 256")]
    [InlineData("ECOM_ADMIN_KEY", "long enough, but with spaces", "16 to 256")]
    [InlineData("AUTH_AUTHORITY", "http://login.example.com", "https")]
    [InlineData("AUTH_AUTHORITY", "login.example.com", "https")]
    public async Task A_key_or_an_authority_that_protects_nothing_stops_the_start(string setting, string value, string expected)
    {
        List<string> said = [];

        var code = await new Embedded(new Dictionary<string, string> { [setting] = value }, said.Add, _ => { }, (_, _) => throw new InvalidOperationException(), CancellationToken.None).Run("Ecom.Cart");

        code.ShouldBe(2);
        said.ShouldHaveSingleItem().ShouldContain(expected);
        if (setting is Operators.Setting)
            said[0].ShouldNotContain(value);
    }

    /// <summary>What says that a request comes from somewhere else, though its connection is this machine's.</summary>
    static readonly (string, string)[] Elsewhere = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1"), ("X-Original-For", "192.0.2.1:4000"), ("dapr-caller-app-id", "cart-service")];

    Task<InnerService> Closed(string name) => InnerService.Start(name,
        (Operators.Setting, Key), ("APP_API_TOKEN", AppToken), ("AUTH_AUTHORITY", issuer.Address), ("RATE_LIMIT_WRITES_PER_SECOND", "1000"));

    static string Unsigned(string token) => $"{Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{token.Split('.')[1]}.";

    static async Task<int> Restock(InnerService service, string? bearer, params (string, string)[] headers)
    {
        using var answer = await service.Ask(bearer, "POST", "/products/PROD-001/restock", """{"quantity":1}""", headers);
        return (int)answer.StatusCode;
    }

    static async Task In(InnerService service, string? bearer, string path, params (string, string)[] headers)
    {
        using var answer = await service.Ask(bearer, "GET", path, null, headers);
        ((int)answer.StatusCode).ShouldBe(200, path);
    }

    static async Task Refused(InnerService service, int status, string? bearer, string path, string what, params (string, string)[] headers)
    {
        using var answer = await service.Ask(bearer, "GET", path, null, headers);
        ((int)answer.StatusCode).ShouldBe(status, what);
        answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        ((string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"]).ShouldNotBeNullOrWhiteSpace();
        if (status == 401)
            answer.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
    }
}
