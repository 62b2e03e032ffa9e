using System.Net;
using Ecom.Hosting;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>One client alone can neither keep a service busy nor hold its lines.</summary>
public sealed class LimitsTests : IAsyncLifetime
{
    const string Key = "0123456789abcdef0123456789abcdef", Item = """{"product_id":"PROD-001","quantity":1}""";
    const int Many = 60;
    readonly Facts facts = new();
    Issuer issuer = null!;

    public async ValueTask InitializeAsync() => issuer = await Issuer.Start();

    public ValueTask DisposeAsync() => issuer.DisposeAsync();

    [Fact]
    public async Task A_customer_who_changes_too_much_waits_and_nobody_else_does()
    {
        await using var service = await Start("Cart", ("RATE_LIMIT_WRITES_PER_SECOND", "1"));

        var changes = await All(service, issuer.Token("eager"), "POST", "/cart/eager/items", Item);
        var reads = await All(service, issuer.Token("eager"), "GET", "/cart/eager", null);
        var others = await Task.WhenAll(Enumerable.Range(0, Many).Select(i => service.Ask(issuer.Token($"calm{i}"), "POST", $"/cart/calm{i}/items", Item)));
        var operators = await All(service, Key, "POST", "/cart/eager/checkout", "{}");

        var refused = changes.Where(answer => answer.StatusCode is HttpStatusCode.TooManyRequests).ToList();
        refused.ShouldNotBeEmpty();
        changes.ShouldContain(answer => answer.StatusCode == HttpStatusCode.Created);
        foreach (var answer in refused)
        {
            answer.Headers.RetryAfter!.Delta!.Value.ShouldBe(TimeSpan.FromSeconds(1));
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
            (await answer.Content.ReadAsStringAsync()).ShouldContain("You ask for too much at once.");
        }
        reads.Concat(others).Concat(operators).ShouldAllBe(answer => answer.StatusCode != HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Whoever_says_no_name_is_counted_by_their_address()
    {
        await using var service = await Start("Inventory", ("RATE_LIMIT_WRITES_PER_SECOND", "1"));

        var guesses = await Task.WhenAll(Enumerable.Range(0, Many).Select(i => service.Ask($"guess-{i}", "POST", "/products/PROD-001/restock", """{"quantity":1}""")));

        guesses.ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.Unauthorized || answer.StatusCode == HttpStatusCode.TooManyRequests);
        guesses.ShouldContain(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task This_machine_and_the_sidecar_are_not_counted()
    {
        await using var open = await InnerService.Start("Cart", ("RATE_LIMIT_WRITES_PER_SECOND", "1"));
        await using var service = await Start("Payment", ("RATE_LIMIT_WRITES_PER_SECOND", "1"));

        var changes = await All(open, null, "POST", "/cart/eager/items", Item);
        var deliveries = await All(service, null, "POST", "/events/order.created", facts.Created());

        changes.Concat(deliveries).ShouldAllBe(answer => answer.IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_customer_follows_so_many_orders_at_once_and_no_more()
    {
        await using var service = await Start("Order", ("FOLLOW_MOST_PER_CLIENT", "2"));
        await Eventually.Until(async () => (await service.Ask(null, "POST", "/events/cart.checkout_initiated", facts.Checkout)).IsSuccessStatusCode, TimeSpan.FromSeconds(30), "the order is placed");
        var (own, path) = (issuer.Token(facts.User), $"/orders/{facts.Order}/events");

        using var first = await service.Ask(own, "GET", path);
        using var second = await service.Ask(own, "GET", path);
        using var third = await service.Ask(own, "GET", path);
        using var operators = await service.Ask(Key, "GET", path);
        first.Dispose();

        (first.StatusCode, second.StatusCode, third.StatusCode, operators.StatusCode).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK));
        await Eventually.Until(async () =>
        {
            using var again = await service.Ask(own, "GET", path);
            return again.StatusCode is HttpStatusCode.OK;
        }, TimeSpan.FromSeconds(30), "the line that was hung up is free");
    }

    [Fact]
    public async Task A_head_or_a_body_that_is_too_large_is_refused()
    {
        await using var service = await InnerService.Start("Cart");

        (await Status("GET", "/cart/u1", null, ("X-Long", new string('x', 40_000)))).ShouldBe(431);
        (await Status("GET", "/cart/u1", null, [.. Enumerable.Range(0, 150).Select(i => ($"X-{i}", "x"))])).ShouldBe(431);
        (await Status("GET", $"/cart/{new string('x', 10_000)}", null)).ShouldBe(414);
        (await Status("POST", "/cart/u1/items", new string(' ', Defaults.MaxBodyBytes + 1))).ShouldBe(422);
        (await Status("GET", "/cart/u1", null)).ShouldBe(200);

        async Task<int> Status(string method, string path, string? body, params (string, string)[] headers)
        {
            using var answer = await service.Ask(null, method, path, body, headers);
            return (int)answer.StatusCode;
        }
    }

    Task<InnerService> Start(string name, (string, string) limit) => InnerService.Start(name, (Operators.Setting, Key), ("AUTH_AUTHORITY", issuer.Address), limit);

    static Task<HttpResponseMessage[]> All(InnerService service, string? bearer, string method, string path, string? body) =>
        Task.WhenAll(Enumerable.Range(0, Many).Select(_ => service.Ask(bearer, method, path, body)));
}
