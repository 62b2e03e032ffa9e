using System.Text.Json.Nodes;
using Ecom.Hosting;
using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

/// <summary>Whatever is asked, and whatever fails: no answer tells a secret or the code, no log line a secret or a person.</summary>
public sealed class LeaksTests : IAsyncDisposable
{
    const string Key = "planted-key-of-operators", AppToken = "planted-app-token", ApiToken = "planted-api-token", Password = "planted-password", PaymentToken = "tok_planted_4242", Mail = "ada.planted@example.org";
    const string Item = """{"product_id":"PROD-001","quantity":1}""";
    static readonly string[] Secrets = [Key, AppToken, ApiToken, Password, PaymentToken];
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);
    readonly List<string> answers = [];
    readonly Facts facts = new();
    InnerService service = null!;

    [Fact]
    public async Task A_shop_without_its_database_tells_nothing()
    {
        await Start("Order", ("ConnectionStrings__Db", $"Host=127.0.0.1;Port={Ports.Free()};Database=d;Username=u;Password={Password};Timeout=2"));

        await Ask("GET", $"/orders/{facts.Order}");
        await Ask("GET", $"/orders/user/{Mail}");
        await Ask("POST", $"/orders/{facts.Order}/cancel");
        await Ask("GET", "/health/ready");
        await Deliver("cart.checkout_initiated", Of(facts.Checkout));

        answers.ShouldContain(answer => answer.Contains("The database does not answer right now", StringComparison.Ordinal));
        NothingShouldBeTold();
    }

    [Fact]
    public async Task Carts_and_checkouts_good_and_bad_tell_nothing()
    {
        await Start("Cart");

        foreach (var bearer in (string?[])[null, Key, Key + "x", "planted.jwt.token"])
            await Ask("POST", $"/cart/{Mail}/items", Item, bearer);
        await Ask("POST", $"/cart/{Mail}/checkout", $$"""{"payment_token":"{{PaymentToken}}"}""");
        await Ask("POST", $"/cart/{Mail}/checkout", $$"""{"payment_token":{"{{PaymentToken}}":1} }""");
        await Ask("POST", $"/cart/{Mail}/checkout", $$"""{"payment_token":"{{PaymentToken}}" """);
        await Ask("POST", $"/cart/{Mail}/checkout", """{"payment_token":"tok_success"}""");
        service.Sidecar.OnPublish = (_, _) => new RpcException(new Status(StatusCode.Unavailable, $"no broker for {Mail}"));
        service.Sidecar.CatalogueIsAway = true;
        await Ask("POST", $"/cart/{Mail}/items", """{"product_id":"PROD-119","quantity":1}""");
        await Ask("DELETE", $"/cart/{Mail}/items/PROD-001");
        await Ask("POST", $"/cart/{Mail}/checkout");
        await Ask("GET", $"/nothing/{Mail}");

        service.Output.ShouldContain(line => line.Contains("checked out", StringComparison.Ordinal));
        NothingShouldBeTold();
    }

    [Fact]
    public async Task Payments_tell_nothing_of_what_was_paid_with()
    {
        await Start("Payment");

        await Deliver("order.created", Of(facts.Created(PaymentToken)));
        await Deliver("order.created", Of(new Facts().Created()));
        await Deliver("order.created", $$"""{"payment_token":"{{PaymentToken}}" """);
        await Deliver("order.created", Of(new Facts().Created()), ("dapr-api-token", "planted-app-tokem"));
        await Ask("GET", $"/payments/order/{facts.Order}");

        await Eventually.Until(() => service.Output.Any(line => line.Contains("dead letter after", StringComparison.Ordinal)), Soon, "a dead letter");
        NothingShouldBeTold();
    }

    [Fact]
    public async Task Mails_that_are_sent_and_mails_that_are_refused_name_nobody_in_the_log()
    {
        await Start("Notification");
        Queue<RpcException?> said = new([
            new(new Status(StatusCode.Unknown, $"error invoking output binding mail: 451 4.7.1 <{Mail}> greylisted")),
            new(new Status(StatusCode.Unknown, $"error invoking output binding mail: 550 5.1.1 <{Mail.ToUpperInvariant()}> unknown user")),
            null]);
        service.Sidecar.OnMail = _ => said.TryDequeue(out var error) ? error : null;

        for (var i = 0; i < 3; i++)
            await Deliver("notification.send", Events.New("notification.send",
                $$"""{"user_id":"{{Mail}}","recipient_email":"{{Mail}}","notification_type":"order_fulfilled","order_id":"ORD-{{i}}","data":{"items":[{"product_id":"PROD-001","quantity":1,"price":1.00,"item_total":1.00}],"total_amount":1.00} }"""));

        await Eventually.Until(() => service.Output.Any(line => line.Contains("sent", StringComparison.Ordinal) && line.Contains("Mail ", StringComparison.Ordinal)), Soon, "a mail is sent");
        await Eventually.Until(() => service.Output.Any(line => line.Contains("was refused", StringComparison.Ordinal)), Soon, "a mail is refused");
        NothingShouldBeTold();
    }

    public ValueTask DisposeAsync() => service.DisposeAsync();

    async Task Start(string name, params (string Name, string Value)[] settings) => service = await InnerService.Start(name,
        [(Operators.Setting, Key), ("APP_API_TOKEN", AppToken), ("DAPR_API_TOKEN", ApiToken), ("EVENT_RETRY_SECONDS", "0.1"), .. settings]);

    async Task Ask(string method, string path, string? body = null, string? bearer = null, params (string Name, string Value)[] headers)
    {
        using var answer = await service.Ask(bearer, method, path, body, headers);
        answers.Add($"{(int)answer.StatusCode} {answer.Headers} {await answer.Content.ReadAsStringAsync()}");
    }

    Task Deliver(string topic, string e, params (string Name, string Value)[] headers) => Ask("POST", $"/events/{topic}", e, null, headers is [] ? [("dapr-api-token", AppToken)] : headers);

    /// <summary>The customer's id is an address, as it is where people log in by it.</summary>
    static string Of(string e) => e.With("data.user_id", JsonValue.Create(Mail).ToJsonString());

    void NothingShouldBeTold()
    {
        answers.ShouldNotBeEmpty();
        foreach (var secret in Secrets)
        {
            answers.ShouldAllBe(answer => !answer.Contains(secret, StringComparison.OrdinalIgnoreCase), secret);
            service.Output.ShouldAllBe(line => !line.Contains(secret, StringComparison.OrdinalIgnoreCase), secret);
        }
        service.Output.ShouldAllBe(line => !line.Contains(Mail, StringComparison.OrdinalIgnoreCase));
        foreach (var code in (string[])["   at ", "Exception", "Ecom.", "Npgsql", ".cs:line"])
            answers.ShouldAllBe(answer => !answer.Contains(code, StringComparison.Ordinal), code);
    }
}
