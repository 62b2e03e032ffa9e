using Ecom.Contracts;
using Ecom.Orders.Saga;

namespace Ecom.Tests.Unit;

/// <summary>The saga's story, path by path.</summary>
public sealed class OrderSagaTests
{
    static readonly OrderFact Paid = new(Topics.PaymentProcessed, "e-paid");
    static readonly OrderFact Declined = new(Topics.PaymentFailed, "e-failed", "card_declined");
    static readonly OrderFact Reserved = new(Topics.InventoryReserved, "e-reserved");
    static readonly OrderFact Depleted = new(Topics.InventoryDepleted, "e-depleted", "PROD-001 is out of stock", "PROD-001");
    static readonly OrderFact CancelRequested = new(OrderFact.CancelRequested, null);
    static readonly OrderFact TimedOut = new(OrderFact.TimedOut, null);
    static readonly OrderFact Refunded = new(Topics.PaymentRefunded, "e-refunded");
    static readonly OrderFact Released = new(Topics.InventoryReleased, "e-released");

    [Fact]
    public async Task A_paid_and_reserved_order_is_fulfilled()
    {
        var context = Context([Paid, Reserved]);

        var end = await Run(context);

        end.ShouldBe("FULFILLED");
        context.Steps.ShouldBe([("ConfirmOrder", new StepInput("ORD-1", "e-paid")), ("FulfilOrder", new StepInput("ORD-1", "e-reserved"))]);
    }

    [Fact]
    public async Task It_sets_no_timer_because_a_deadline_runs_only_while_an_answer_could_come()
    {
        var context = Context([TimedOut, Refunded]);

        await Run(context);

        context.Timers.ShouldBe(0);
    }

    [Fact]
    public async Task A_failed_payment_cancels_and_nothing_is_owed()
    {
        var context = Context([Declined], closed: ["CancelOrder"]);

        var end = await Run(context);

        end.ShouldBe("CANCELLED");
        context.Steps.ShouldBe([("CancelOrder", new CancelInput("ORD-1", "e-failed", CancellationSources.PaymentFailed, "card_declined"))]);
    }

    [Fact]
    public async Task A_sold_out_product_cancels_and_the_order_is_closed_when_the_money_is_back()
    {
        var context = Context([Paid, Depleted, Refunded]);

        var end = await Run(context);

        end.ShouldBe("CANCELLED");
        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder", "CloseOrder"]);
        context.Steps[1].Input.ShouldBe(new CancelInput("ORD-1", "e-depleted", CancellationSources.InventoryDepleted, "PROD-001 is out of stock"));
        context.Steps[2].Input.ShouldBe(new StepInput("ORD-1", "e-refunded"));
    }

    [Fact]
    public void A_charged_order_is_never_closed_before_its_refund()
    {
        var context = Context([Paid, Depleted]);

        var saga = Run(context);

        saga.IsCompleted.ShouldBeFalse();
        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder"]);
    }

    [Fact]
    public async Task It_ends_only_when_payment_and_inventory_have_both_undone_their_parts()
    {
        var refused = 0;
        var context = new FakeWorkflowContext([Paid, CancelRequested, Released, Refunded], (name, _) => name switch
        {
            OrderSaga.Cancel => false,
            OrderSaga.Close => ++refused == 2,
            _ => true,
        });

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder", "CloseOrder", "CloseOrder"]);
    }

    [Fact]
    public async Task The_customer_cancels_before_the_payment_and_payment_says_that_nothing_was_charged()
    {
        var context = Context([CancelRequested, Refunded]);

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps[0].Input.ShouldBe(new CancelInput("ORD-1", null, CancellationSources.Customer, "cancelled by the customer"));
        context.Steps.Select(s => s.Name).ShouldBe(["CancelOrder", "CloseOrder"]);
    }

    [Fact]
    public async Task The_customer_cancels_after_the_reservation()
    {
        var context = Context([Paid, Reserved, CancelRequested, Refunded], refused: "FulfilOrder");

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "FulfilOrder", "CancelOrder", "CloseOrder"]);
        ((CancelInput)context.Steps[2].Input!).Source.ShouldBe(CancellationSources.Customer);
    }

    [Fact]
    public async Task The_customer_cancels_while_the_payment_is_confirmed()
    {
        var context = Context([Paid, CancelRequested, Refunded], refused: "ConfirmOrder");

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder", "CloseOrder"]);
    }

    [Fact]
    public async Task No_answer_from_payment_is_a_failure()
    {
        var context = Context([TimedOut, Refunded]);

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps[0].Input.ShouldBe(new CancelInput("ORD-1", null, CancellationSources.Timeout, "no answer about the payment in time"));
    }

    [Fact]
    public async Task No_answer_from_inventory_is_a_failure_and_the_money_goes_back()
    {
        var context = Context([Paid, TimedOut, Refunded]);

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder", "CloseOrder"]);
        ((CancelInput)context.Steps[1].Input!).Source.ShouldBe(CancellationSources.Timeout);
    }

    [Fact]
    public async Task A_late_payment_after_the_deadline_is_waited_back()
    {
        var context = Context([TimedOut, Paid, Refunded]);

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["CancelOrder", "CloseOrder"]);
    }

    [Fact]
    public async Task Facts_told_twice_or_out_of_order_change_nothing()
    {
        var context = Context([Reserved, Paid, Paid, Refunded, Paid, Reserved, Reserved]);

        (await Run(context)).ShouldBe("FULFILLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "FulfilOrder"]);
    }

    static Task<string> Run(FakeWorkflowContext context) => new OrderSaga().RunAsync(context, new("ORD-1"));

    /// <param name="closed">The steps that answer that nothing is owed any more; without them CloseOrder.</param>
    /// <param name="refused">The step that answers that the customer wants out.</param>
    static FakeWorkflowContext Context(object[] facts, string[]? closed = null, string? refused = null) =>
        new(facts, (name, _) => name is OrderSaga.Cancel or OrderSaga.Close ? (closed ?? [OrderSaga.Close]).Contains(name) : name != refused);
}
