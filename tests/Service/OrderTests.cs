using System.Net;
using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

public abstract class OrderFixture(Database database, string timeout = "300") : ServiceFixture("Order", database, ("SAGA_TIMEOUT_SECONDS", timeout));

public sealed class OrderOnSqlite() : OrderFixture(Database.Sqlite);

public sealed class OrderOnPostgres() : OrderFixture(Database.Postgres);

public sealed class OrderSqliteTests(OrderOnSqlite fixture) : OrderTests(fixture.Service), IClassFixture<OrderOnSqlite>;

public sealed class OrderPostgresTests(OrderOnPostgres fixture) : OrderTests(fixture.Service), IClassFixture<OrderOnPostgres>;

/// <summary>order-service with its saga: every event comes twice, and everything happens once.</summary>
public abstract class OrderTests(ServiceProcess service) : IDisposable
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    readonly Facts facts = new();

    public void Dispose()
    {
        service.Sidecar.OnPublish = (_, _) => null;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_order_is_fulfilled_once_though_every_event_comes_twice()
    {
        await service.Twice(facts.Checkout);
        var created = await service.Sends("order.created", facts.Order);
        await service.Twice(facts.Processed());
        var confirmed = await service.Sends("order.confirmed", facts.Order);
        await service.Twice(facts.Reserved);
        var mail = await service.Sends("notification.send", facts.Order);
        await Ends("FULFILLED");

        foreach (var sent in (PublishedRecord[])[created, confirmed, mail])
        {
            sent.Key.ShouldBe(facts.Order);
            ((string?)sent.Envelope["correlationid"]).ShouldBe("c-1");
            ((string?)sent.Envelope["causationid"]).ShouldNotBeNull();
            service.Sent(sent.Topic, facts.Order).Count.ShouldBe(1, sent.Topic);
        }
        (await service.Count($"order_items WHERE order_id = '{facts.Order}'")).ShouldBe(1);
        await TellsOfItsSteps("placed", "paid", "fulfilled");
    }

    [Fact]
    public async Task A_declined_payment_cancels_the_order_once()
    {
        await service.Twice(facts.Checkout);
        await TellsOfItsSteps("placed", "waits for payment_answer");
        await service.Twice(facts.Failed);

        var cancelled = await service.Sends("order.cancelled", facts.Order);
        await service.Sends("notification.send", facts.Order);

        ((string?)cancelled.Data["cancellation_source"]).ShouldBe("payment_failed");
        ((string?)cancelled.Data["reason"]).ShouldBe("card_declined");
        await Ends("CANCELLED");
        service.Sent("notification.send", facts.Order).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Every_event_says_the_same_id_however_often_it_is_told_again()
    {
        await service.Twice(facts.Checkout);

        var created = await service.Sends("order.created", facts.Order);

        Guid.Parse(created.Id).Version.ShouldBe(7);
        ((string?)created.Data["payment_token"]).ShouldBeNull();
    }

    [Fact]
    public async Task A_sold_out_order_is_closed_and_told_only_when_the_money_is_back()
    {
        await service.Twice(facts.Checkout);
        await service.Twice(facts.Processed());
        await service.Sends("order.confirmed", facts.Order);
        await service.Twice(facts.Depleted);
        await service.Sends("order.cancelled", facts.Order);
        service.Sent("notification.send", facts.Order).ShouldBeEmpty();
        (await Row("closed_at")).ShouldBeEmpty();

        await service.Twice(facts.Refunded);

        var mail = await service.Sends("notification.send", facts.Order);
        ((decimal)mail.Data["data"]!["refunded_amount"]!).ShouldBe(20.00m);
        ((string?)mail.Data["data"]!["product_id"]).ShouldBe("PROD-001");
        await Ends("CANCELLED");
        service.Sent("order.cancelled", facts.Order).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Late_answers_after_the_customers_cancel_are_recorded_and_move_nothing()
    {
        await service.Takes(facts.Checkout);
        (await Cancel()).ShouldBe(HttpStatusCode.Accepted);
        await service.Sends("order.cancelled", facts.Order);

        await service.Twice(facts.Processed());
        await service.Twice(facts.Reserved);
        service.Sent("notification.send", facts.Order).ShouldBeEmpty("nobody knows yet what became of the money");
        await service.Twice(facts.Refunded);
        await service.Twice(facts.Released);

        await Ends("CANCELLED");
        await service.Sends("notification.send", facts.Order);
        decimal.Parse(await Row("paid_amount"), System.Globalization.CultureInfo.InvariantCulture).ShouldBe(20m);
        decimal.Parse(await Row("refunded_amount"), System.Globalization.CultureInfo.InvariantCulture).ShouldBe(20m);
        service.Sent("order.confirmed", facts.Order).ShouldBeEmpty();
        service.Sent("notification.send", facts.Order).Count.ShouldBe(1);
        (await Cancel()).ShouldBe(HttpStatusCode.Accepted, "asked twice, answered twice alike");
    }

    [Fact]
    public async Task An_order_cancelled_at_once_is_closed_and_told_when_payment_says_that_nothing_was_charged()
    {
        await service.Takes(facts.Checkout);
        (await Cancel()).ShouldBe(HttpStatusCode.Accepted);
        await service.Sends("order.cancelled", facts.Order);
        (await Row("closed_at")).ShouldBeEmpty();

        await service.Twice(facts.NothingCharged);

        await Ends("CANCELLED");
        ((decimal)(await service.Sends("notification.send", facts.Order)).Data["data"]!["refunded_amount"]!).ShouldBe(0m);
    }

    [Fact]
    public async Task A_customer_who_has_paid_cancels_and_is_refunded()
    {
        await service.Takes(facts.Checkout);
        await service.Takes(facts.Processed());
        await service.Sends("order.confirmed", facts.Order);

        (await Cancel()).ShouldBe(HttpStatusCode.Accepted);
        (await Cancel()).ShouldBe(HttpStatusCode.Accepted);
        ((string?)(await service.Sends("order.cancelled", facts.Order)).Data["cancellation_source"]).ShouldBe("customer");
        await service.Takes(facts.Refunded);
        (await Row("closed_at")).ShouldBeEmpty("inventory was asked, and has not said that it holds nothing");
        await service.Takes(facts.Released);

        await Ends("CANCELLED");
    }

    [Fact]
    public async Task A_refund_that_overtakes_its_payment_leaves_the_books_right()
    {
        await service.Takes(facts.Checkout);
        (await Cancel()).ShouldBe(HttpStatusCode.Accepted);

        await service.Twice(facts.Refunded);
        await service.Twice(facts.Processed());

        await Ends("CANCELLED");
        (await Row("paid_amount")).ShouldBe(await Row("refunded_amount"));
    }

    [Fact]
    public async Task A_fact_about_an_unknown_order_is_a_dead_letter_after_three_attempts()
    {
        (await service.Once(facts.Processed())).ShouldBe("SUCCESS");

        await Eventually.Until(() => service.DeadLetters.Any(d => d["error_reason"]!.ToString().Contains(facts.Order)), Soon, "a dead letter");
        var letter = service.DeadLetters.Single(d => d["error_reason"]!.ToString().Contains(facts.Order));
        ((int)letter["retry_count"]!).ShouldBe(3);
        ((string?)letter["error_reason"]).ShouldBe($"there is no order {facts.Order}");
        ((string?)letter["subscriber"]).ShouldBe("order-service");
    }

    [Fact]
    public async Task A_payment_of_another_amount_is_never_taken_for_the_orders()
    {
        await service.Takes(facts.Checkout);

        (await service.Once(facts.Processed("19.99"))).ShouldBe("SUCCESS");

        await Eventually.Until(() => service.DeadLetters.Any(d => d["error_reason"]!.ToString().Contains("19.99")), Soon, "a dead letter");
        (await Row("paid_amount")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_is_lost_when_the_process_dies_between_commit_and_publish()
    {
        service.Sidecar.OnPublish = (_, _) => new RpcException(new(StatusCode.Unavailable, "the broker is away"));
        (await service.Once(facts.Checkout)).ShouldBe("SUCCESS");
        await service.KillAndStartAgain();
        service.Sent("order.created", facts.Order).ShouldBeEmpty();

        service.Sidecar.OnPublish = (_, _) => null;
        await service.Sends("order.created", facts.Order);
        await service.Takes(facts.Processed());
        await service.KillAndStartAgain();
        await service.Sends("order.confirmed", facts.Order);
        await service.Takes(facts.Reserved);

        await Ends("FULFILLED");
        service.Sent("order.created", facts.Order).Select(r => r.Id).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Its_status_can_be_followed_to_the_end()
    {
        await service.Takes(facts.Checkout);
        using var stream = await service.Http.GetStreamAsync($"/orders/{facts.Order}/events");
        using var lines = new StreamReader(stream);

        await service.Takes(facts.Processed());
        await service.Sends("order.confirmed", facts.Order);
        await service.Takes(facts.Reserved);

        var statuses = new List<string>();
        while (await lines.ReadLineAsync() is { } line)
            if (line.StartsWith("data:", StringComparison.Ordinal))
                statuses.Add(System.Text.Json.Nodes.JsonNode.Parse(line[5..])!["status"]!.ToString());
        statuses[^1].ShouldBe("FULFILLED");
        statuses.ShouldBe(statuses.Distinct());
    }

    [Fact]
    public async Task What_is_no_event_becomes_a_dead_letter_on_every_topic()
    {
        foreach (var (what, body) in BadEvents.Any(facts.Checkout))
            await service.ShouldBecomeDeadLetter("cart.checkout_initiated", what, body);
        foreach (var good in (string[])[facts.Processed(), facts.Failed, facts.Refunded, facts.Reserved, facts.Depleted, facts.Released])
            await service.ShouldBecomeDeadLetter(Delivering.TopicOf(good), "an order id with a slash", good.With("data.order_id", "\"a/b\""));
        await service.ShouldBecomeDeadLetter("cart.checkout_initiated", "a negative quantity", facts.Checkout.With("data.items", """[{"product_id":"PROD-001","quantity":-1,"price":10,"item_total":20}]"""));
        await service.ShouldBecomeDeadLetter("cart.checkout_initiated", "a wrong total", facts.Checkout.With("data.total_amount", "1"));

        (await service.Once(facts.Checkout)).ShouldBe("SUCCESS");
        await service.Sends("order.created", facts.Order);
    }

    [Theory]
    [InlineData("GET", "/orders/ORD-UNKNOWN", 404)]
    [InlineData("GET", "/orders/ORD-UNKNOWN/events", 404)]
    [InlineData("POST", "/orders/ORD-UNKNOWN/cancel", 404)]
    [InlineData("GET", "/orders/a%20b", 422)]
    [InlineData("GET", "/orders/user/x?limit=0", 422)]
    [InlineData("GET", "/orders/user/x?limit=many", 422)]
    [InlineData("DELETE", "/orders/ORD-1", 405)]
    [InlineData("GET", "/nowhere", 404)]
    public async Task A_bad_request_is_explained(string method, string path, int status)
    {
        using var answer = await service.Http.SendAsync(new(new(method), path));

        ((int)answer.StatusCode).ShouldBe(status);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        System.Text.Json.Nodes.JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"]!.ToString().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task What_is_owed_what_had_to_be_undone_and_how_orders_end_shows_in_the_metrics()
    {
        var before = await Figures();
        await service.Takes(facts.Checkout);
        await service.Takes(facts.Processed());
        await service.Sends("order.confirmed", facts.Order);
        await Cancel();

        await Eventually.Until(async () => await service.Metric("ecom_orders_owed{", "owed=\"refund\"") > 0, Soon, "a refund is owed");
        await service.Takes(facts.Refunded);
        await service.Takes(facts.Released);
        await Ends("CANCELLED");

        var after = (before.Ended + 1, before.Measured + 1, before.Undone + 1);
        await Eventually.Until(async () => await Figures() == after, Soon, "the order is counted");

        async Task<(double Ended, double Measured, double Undone)> Figures() => (
            await service.Metric("ecom_orders_ended", "outcome=\"customer\""),
            await service.Metric("ecom_saga_duration_seconds_count", "outcome=\"customer\""),
            await service.Metric("ecom_compensations", "source=\"customer\""));
    }

    async Task<HttpStatusCode> Cancel() => (await service.Http.PostAsync($"/orders/{facts.Order}/cancel", null)).StatusCode;

    async Task<string> Row(string column) => (await service.Query($"SELECT {column} FROM orders WHERE order_id = '{facts.Order}'")).FirstOrDefault("");

    async Task TellsOfItsSteps(params string[] expected)
    {
        var saga = await service.Get($"/orders/{facts.Order}/saga");
        saga["steps"]!.AsArray().Select(step => (string)step!["name"]!).Concat(saga["waits_for"]!.AsArray().Select(what => $"waits for {what}")).ShouldBe(expected);
    }

    async Task Ends(string status)
    {
        await Eventually.Until(async () => await service.Count($"orders WHERE order_id = '{facts.Order}' AND closed_at IS NOT NULL") == 1, Soon, "the order's end");
        (await Row("status")).ShouldBe(status);
    }
}
