using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

public abstract class PaymentFixture(Database database) : ServiceFixture("Payment", database);

public sealed class PaymentOnSqlite() : PaymentFixture(Database.Sqlite);

public sealed class PaymentOnPostgres() : PaymentFixture(Database.Postgres);

public sealed class PaymentSqliteTests(PaymentOnSqlite fixture) : PaymentTests(fixture.Service), IClassFixture<PaymentOnSqlite>;

public sealed class PaymentPostgresTests(PaymentOnPostgres fixture) : PaymentTests(fixture.Service), IClassFixture<PaymentOnPostgres>;

/// <summary>payment-service: an order is charged once and refunded once, in whatever order it is told.</summary>
public abstract class PaymentTests(ServiceProcess service)
{
    readonly Facts facts = new();

    [Fact]
    public async Task A_second_delivery_does_not_charge_twice()
    {
        await service.Twice(facts.Created());

        var processed = await service.Sends("payment.processed", facts.Order);
        processed.Key.ShouldBe(facts.Order);
        ((decimal)processed.Data["amount"]!).ShouldBe(20.00m);
        ((string?)processed.Data["payment_id"])!.ShouldMatch("^PAY-[0-9A-HJKMNP-TV-Z]{26}$");
        service.Sent("payment.processed", facts.Order).Count.ShouldBe(1);
        (await Status()).ShouldBe(["PROCESSED"]);
    }

    [Fact]
    public async Task A_question_asked_again_gets_the_first_answer_again()
    {
        await service.Takes(facts.Created("tok_card_declined"));
        await service.Sends("payment.failed", facts.Order);
        await service.Takes(facts.Created("tok_success"));

        await Eventually.Until(() => service.Sidecar.PublishedOn("payment.failed").Count(r => (string?)r.Data["order_id"] == facts.Order) == 2, TimeSpan.FromSeconds(20), "two answers");
        ((string?)service.Sent("payment.failed", facts.Order).ShouldHaveSingleItem("the same fact, with the same id").Data["reason"]).ShouldBe("card_declined");
        service.Sent("payment.processed", facts.Order).ShouldBeEmpty();
        (await Status()).ShouldBe(["FAILED"]);
    }

    [Fact]
    public async Task A_cancelled_order_is_refunded_once()
    {
        await service.Twice(facts.Created());
        await service.Sends("payment.processed", facts.Order);
        await service.Twice(facts.Cancelled);
        await service.Takes(facts.Cancelled);

        ((decimal)(await service.Sends("payment.refunded", facts.Order)).Data["amount"]!).ShouldBe(20.00m);
        service.Sent("payment.refunded", facts.Order).Count.ShouldBe(1);
        (await Status()).ShouldBe(["REFUNDED"]);
    }

    [Fact]
    public async Task An_order_cancelled_before_the_question_is_never_charged()
    {
        await service.Twice(facts.Cancelled);
        await service.Twice(facts.Created());

        (await Status()).ShouldBe(["CANCELLED"]);
        service.Sent("payment.processed", facts.Order).ShouldBeEmpty();
        ((decimal)(await service.Sends("payment.refunded", facts.Order)).Data["amount"]!).ShouldBe(0m, "payment says that it holds nothing");
        (await service.Query($"SELECT amount FROM gateway_charges WHERE order_id = '{facts.Order}'")).ShouldBeEmpty("the gateway was never asked");
    }

    [Fact]
    public async Task A_gateway_that_never_answers_leaves_nothing_to_refund_and_that_is_said()
    {
        await service.Takes(facts.Created("tok_timeout"));
        (await Status()).ShouldBe(["PENDING"]);

        await service.Takes(facts.Cancelled);

        ((decimal)(await service.Sends("payment.refunded", facts.Order)).Data["amount"]!).ShouldBe(0m);
        (await Status()).ShouldBe(["CANCELLED"]);
        service.Sent("payment.processed", facts.Order).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_charge_whose_answer_was_lost_is_asked_again_by_its_key_and_charged_once()
    {
        await service.Takes(facts.Created("tok_lost_answer"));

        ((decimal)(await service.Sends("payment.processed", facts.Order)).Data["amount"]!).ShouldBe(20.00m);

        (await Status()).ShouldBe(["PROCESSED"]);
        (await Book()).ShouldBe(20.00m);
    }

    [Fact]
    public async Task A_lost_answer_of_a_cancelled_order_is_money_that_goes_back()
    {
        await service.Takes(facts.Created("tok_lost_answer"));
        await Eventually.Until(async () => await Book() == 20.00m, TimeSpan.FromSeconds(20), "the gateway to charge");

        await service.Takes(facts.Cancelled);

        ((decimal)(await service.Sends("payment.refunded", facts.Order)).Data["amount"]!).ShouldBe(20.00m);
        (await Book()).ShouldBe(0m);
    }

    [Fact]
    public async Task A_slow_answer_holds_no_other_payment_up()
    {
        var other = new Facts();
        await FirstOfAll();
        await Task.WhenAll(service.Takes(facts.Created("tok_slow")), service.Takes(other.Created()));

        await service.Sends("payment.processed", other.Order);
        await service.Sends("payment.processed", facts.Order);

        service.Sidecar.PublishedOn("payment.processed").Select(r => (string?)r.Data["order_id"]).Where(id => id == facts.Order || id == other.Order).Distinct().ShouldBe([other.Order, facts.Order]);
    }

    [Fact]
    public async Task A_kill_while_the_gateway_charges_loses_no_money_and_charges_once()
    {
        await FirstOfAll();
        await service.Takes(facts.Created("tok_slow"));
        (await Status()).ShouldBe(["PENDING"], "the intent is a durable row before the gateway is asked");

        await service.KillAndStartAgain();

        await service.Sends("payment.processed", facts.Order);
        (await Book()).ShouldBe(20.00m);
    }

    [Fact]
    public async Task Question_and_cancellation_at_once_leave_the_money_where_it_belongs()
    {
        await Task.WhenAll(service.Once(facts.Created()), service.Once(facts.Cancelled));

        await service.Sends("payment.refunded", facts.Order);
        (await Status()).Single().ShouldBeOneOf("CANCELLED", "REFUNDED");
        (await Book()).ShouldBe(0m);
    }

    [Fact]
    public async Task What_is_no_event_becomes_a_dead_letter()
    {
        foreach (var (what, body) in BadEvents.Any(facts.Created()))
            await service.ShouldBecomeDeadLetter("order.created", what, body);
        await service.ShouldBecomeDeadLetter("order.created", "an unknown token", facts.Created("tok_free"));
        await service.ShouldBecomeDeadLetter("order.cancelled", "an unknown source", facts.Cancelled.With("data.cancellation_source", "\"whim\""));

        (await service.Once(facts.Created())).ShouldBe("SUCCESS");
    }

    [Fact]
    public async Task A_payment_can_be_read_by_its_id_and_by_its_order()
    {
        await service.Takes(facts.Created());
        await service.Sends("payment.processed", facts.Order);

        var byOrder = await service.Get($"/payments/order/{facts.Order}");
        var byId = await service.Get($"/payments/{byOrder["payment_id"]}");

        byId.ToJsonString().ShouldBe(byOrder.ToJsonString());
        (await service.Http.GetAsync("/payments/PAY-UNKNOWN")).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    /// <summary>What the gateway's own book says that it keeps of the order.</summary>
    async Task<decimal> Book() => (await service.Query($"SELECT amount FROM gateway_charges WHERE order_id = '{facts.Order}' AND declined IS NULL AND voided_at IS NULL"))
        .Sum(amount => decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>What a process does for the first time takes longer than a slow gateway.</summary>
    async Task FirstOfAll()
    {
        var first = new Facts();
        await service.Takes(first.Created());
        await service.Sends("payment.processed", first.Order);
    }

    Task<IReadOnlyList<string>> Status() => service.Query($"SELECT status FROM payments WHERE order_id = '{facts.Order}'");
}

/// <summary>A gateway that loses answers, is slow, and charges when nobody waits any more: in the end its book and ours agree, cent by cent.</summary>
public sealed class GatewayFaultsTests
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task However_often_the_gateway_fails_its_book_is_ours()
    {
        await using var service = await ServiceProcess.Start("Payment", Database.Sqlite, new Dictionary<string, string> { ["GATEWAY_FAULT_RATE"] = "0.7" });
        Facts[] orders = [.. Enumerable.Range(1, 40).Select(quantity => new Facts { Quantity = quantity })];

        await Task.WhenAll(orders.Select(order => service.Once(order.Created(token: null))));
        await Task.WhenAll(orders[..20].Select(order => service.Once(order.Cancelled)));

        await Eventually.Until(async () => await service.Count("payments WHERE status = 'PENDING' OR status = 'PROCESSED' AND cancel_reason IS NOT NULL") == 0, Soon, "every payment is settled");
        var ours = await service.Query("SELECT order_id, amount FROM payments WHERE status = 'PROCESSED' ORDER BY 1");
        ours.ShouldNotBeEmpty();
        // A late charge must not land after the book was closed.
        await Eventually.Until(async () => await service.Count("gateway_charges") == orders.Length, Soon, "the gateway has an entry of each order");
        (await service.Query("SELECT order_id, amount FROM gateway_charges WHERE declined IS NULL AND voided_at IS NULL ORDER BY 1")).ShouldBe(ours);
        (await service.Count("payments")).ShouldBe(orders.Length);
    }
}
