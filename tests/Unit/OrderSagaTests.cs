using Ecom.Contracts;
using Ecom.Orders.Saga;

namespace Ecom.Tests.Unit;

/// <summary>The saga's story, path by path.</summary>
public sealed class OrderSagaTests
{
    static readonly OrderFact Paid = new(FactKind.Paid, "e-paid");
    static readonly OrderFact Declined = new(FactKind.PaymentFailed, "e-failed", "card_declined");
    static readonly OrderFact Reserved = new(FactKind.Reserved, "e-reserved");
    static readonly OrderFact Depleted = new(FactKind.Depleted, "e-depleted", "PROD-001 is out of stock", "PROD-001");
    static readonly OrderFact CancelRequested = new(FactKind.CancelRequested, "e-cancel");
    static readonly OrderFact Refunded = new(FactKind.Refunded, "e-refunded");

    [Fact]
    public async Task A_paid_and_reserved_order_is_fulfilled()
    {
        var context = Context([Paid, Reserved]);

        var end = await Run(context);

        end.ShouldBe("FULFILLED");
        context.Steps.ShouldBe([("ConfirmOrder", new StepInput("ORD-1", "e-paid")), ("FulfilOrder", new StepInput("ORD-1", "e-reserved"))]);
    }

    [Fact]
    public async Task One_deadline_is_set_for_the_whole_saga()
    {
        var context = Context([Paid, Reserved]);

        await Run(context);

        context.Deadline.ShouldBe(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_failed_payment_cancels_without_a_refund()
    {
        var context = Context([Declined]);

        var end = await Run(context);

        end.ShouldBe("CANCELLED");
        context.Steps.ShouldBe([("CancelOrder", new CancelInput("ORD-1", "e-failed", CancellationSources.PaymentFailed, "card_declined", null))]);
    }

    [Fact]
    public async Task A_sold_out_product_cancels_and_the_order_is_closed_when_the_money_is_back()
    {
        var context = Context([Paid, Depleted, Refunded], charged: true);

        var end = await Run(context);

        end.ShouldBe("CANCELLED");
        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder", "CloseOrder"]);
        context.Steps[1].Input.ShouldBe(new CancelInput("ORD-1", "e-depleted", CancellationSources.InventoryDepleted, "PROD-001 is out of stock", "PROD-001"));
        context.Steps[2].Input.ShouldBe(new StepInput("ORD-1", "e-refunded"));
    }

    [Fact]
    public async Task A_charged_order_is_never_closed_before_its_refund()
    {
        var context = Context([Paid, Depleted], charged: true);

        var saga = Run(context);

        saga.IsCompleted.ShouldBeFalse();
        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder"]);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task The_customer_cancels_before_the_payment()
    {
        var context = Context([CancelRequested]);

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.ShouldHaveSingleItem().Input.ShouldBe(new CancelInput("ORD-1", "e-cancel", CancellationSources.Customer, "cancelled by the customer", null));
    }

    [Fact]
    public async Task The_customer_cancels_after_the_payment()
    {
        var context = Context([Paid, CancelRequested, Refunded], charged: true);

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder", "CloseOrder"]);
    }

    [Fact]
    public async Task The_customer_cancels_after_the_reservation()
    {
        var context = Context([Paid, Reserved, CancelRequested, Refunded], charged: true, refused: "FulfilOrder");

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "FulfilOrder", "CancelOrder", "CloseOrder"]);
        ((CancelInput)context.Steps[2].Input!).Source.ShouldBe(CancellationSources.Customer);
    }

    [Fact]
    public async Task The_customer_cancels_while_the_payment_is_confirmed()
    {
        var context = Context([Paid, CancelRequested, Refunded], charged: true, refused: "ConfirmOrder");

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder", "CloseOrder"]);
    }

    [Fact]
    public async Task No_answer_from_payment_is_a_failure()
    {
        var context = Context([]);

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.ShouldHaveSingleItem().Input.ShouldBe(new CancelInput("ORD-1", null, CancellationSources.Timeout, "no answer about the payment in time", null));
    }

    [Fact]
    public async Task No_answer_from_inventory_is_a_failure_and_the_money_goes_back()
    {
        var context = Context([Paid, Late.Deadline, Refunded], charged: true);

        (await Run(context)).ShouldBe("CANCELLED");

        context.Steps.Select(s => s.Name).ShouldBe(["ConfirmOrder", "CancelOrder", "CloseOrder"]);
        ((CancelInput)context.Steps[1].Input!).Source.ShouldBe(CancellationSources.Timeout);
    }

    [Fact]
    public async Task A_late_payment_after_the_deadline_is_waited_back()
    {
        var context = Context([Late.Deadline, Paid, Refunded], charged: true);

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

    enum Late { Deadline }

    static Task<string> Run(FakeWorkflowContext context) => new OrderSaga().RunAsync(context, new("ORD-1", TimeSpan.FromMinutes(5)));

    /// <param name="facts">Facts in their order; <see cref="Late.Deadline"/> lets the deadline pass at that point.</param>
    /// <param name="charged">CancelOrder answers that a refund is due.</param>
    /// <param name="refused">The step that answers that the customer wants out.</param>
    static FakeWorkflowContext Context(object[] facts, bool charged = false, string? refused = null) =>
        new(facts, (name, _) => name switch
        {
            OrderSaga.Cancel => charged,
            _ => name != refused,
        });
}
