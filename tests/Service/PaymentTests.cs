using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

public abstract class PaymentFixture(Database database) : IAsyncLifetime
{
    public ServiceProcess Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await ServiceProcess.Start("Payment", database);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await (Service?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}

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
        await service.Once(facts.Created("tok_card_declined"));
        await service.Once(facts.Created("tok_success"));

        await Eventually.Until(() => service.Sent("payment.failed", facts.Order).Count == 2, TimeSpan.FromSeconds(20), "two answers");
        service.Sent("payment.failed", facts.Order).ShouldAllBe(r => (string?)r.Data["reason"] == "card_declined");
        service.Sent("payment.processed", facts.Order).ShouldBeEmpty();
        (await Status()).ShouldBe(["FAILED"]);
    }

    [Fact]
    public async Task A_cancelled_order_is_refunded_once()
    {
        await service.Twice(facts.Created());
        await service.Twice(facts.Cancelled);
        await service.Once(facts.Cancelled);

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
        service.Sent("payment.refunded", facts.Order).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_gateway_that_never_answers_leaves_nothing_to_refund()
    {
        await service.Once(facts.Created("tok_timeout"));
        (await Status()).ShouldBe(["PENDING"]);

        await service.Once(facts.Cancelled);

        (await Status()).ShouldBe(["CANCELLED"]);
        service.Sent("payment.refunded", facts.Order).ShouldBeEmpty();
    }

    [Fact]
    public async Task Question_and_cancellation_at_once_leave_the_money_where_it_belongs()
    {
        await Task.WhenAll(service.Once(facts.Created()), service.Once(facts.Cancelled));

        (await Status()).Single().ShouldBeOneOf("CANCELLED", "REFUNDED");
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
        await service.Once(facts.Created());

        var byOrder = await service.Get($"/payments/order/{facts.Order}");
        var byId = await service.Get($"/payments/{byOrder["payment_id"]}");

        byId.ToJsonString().ShouldBe(byOrder.ToJsonString());
        (await service.Http.GetAsync("/payments/PAY-UNKNOWN")).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    Task<IReadOnlyList<string>> Status() => service.Query($"SELECT status FROM payments WHERE order_id = '{facts.Order}'");
}
