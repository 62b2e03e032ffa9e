using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Orders.Saga;

namespace Ecom.Tests.Workflow.Earlier;

/// <summary>The saga of the last release, word for word: orders that it began go on under today's. Replaced by today's when that is released.</summary>
public sealed class OrderSaga : Workflow<SagaInput, string>
{
    public const string FactEvent = "order-fact";

    /// <summary>The steps' names; order-service registers an activity under each.</summary>
    public const string Confirm = "ConfirmOrder", Fulfil = "FulfilOrder", Cancel = "CancelOrder", Close = "CloseOrder";

    /// <summary>A step fails only when the database is away. Waits of 1, 2, 4 … 60 s: about two hours, then the reconciler.</summary>
    static readonly WorkflowTaskOptions Patiently = new(new WorkflowRetryPolicy(120, TimeSpan.FromSeconds(1), 2, TimeSpan.FromMinutes(1)));

    public override async Task<string> RunAsync(WorkflowContext context, SagaInput input)
    {
        var payment = await Next(context, "payment", Topics.PaymentProcessed, Topics.PaymentFailed, OrderFact.CancelRequested, OrderFact.TimedOut);
        if (payment.Name != Topics.PaymentProcessed)
            return await Undo(context, input, payment, "the payment");
        if (!await context.CallActivityAsync<bool>(Confirm, new StepInput(input.OrderId, payment.EventId), Patiently))
            return await Undo(context, input, payment with { Name = OrderFact.CancelRequested }, "the payment");

        var stock = await Next(context, "stock", Topics.InventoryReserved, Topics.InventoryDepleted, OrderFact.CancelRequested, OrderFact.TimedOut);
        if (stock.Name != Topics.InventoryReserved)
            return await Undo(context, input, stock, "the stock");
        if (!await context.CallActivityAsync<bool>(Fulfil, new StepInput(input.OrderId, stock.EventId), Patiently))
            return await Undo(context, input, stock with { Name = OrderFact.CancelRequested }, "the stock");

        context.SetCustomStatus("fulfilled");
        return "FULFILLED";
    }

    /// <summary>Cancelling tells payment and inventory to undo what they did or may still do. The order is closed when both have said so.</summary>
    static async Task<string> Undo(WorkflowContext context, SagaInput input, OrderFact cause, string waitedFor)
    {
        var (source, reason) = cause.Name switch
        {
            Topics.PaymentFailed => (CancellationSources.PaymentFailed, cause.Reason ?? "payment failed"),
            Topics.InventoryDepleted => (CancellationSources.InventoryDepleted, cause.Reason ?? "out of stock"),
            OrderFact.TimedOut => (CancellationSources.Timeout, $"no answer about {waitedFor} in time"),
            _ => (CancellationSources.Customer, "cancelled by the customer"),
        };
        var isClosed = await context.CallActivityAsync<bool>(Cancel, new CancelInput(input.OrderId, cause.EventId, source, reason), Patiently);
        while (!isClosed)
        {
            var undone = await Next(context, "refund and release", Topics.PaymentRefunded, Topics.PaymentFailed, Topics.InventoryReleased, Topics.InventoryDepleted);
            isClosed = await context.CallActivityAsync<bool>(Close, new StepInput(input.OrderId, undone.EventId), Patiently);
        }
        context.SetCustomStatus($"cancelled: {source}");
        return "CANCELLED";
    }

    /// <summary>The next fact that is waited for. Any other (late, or told twice) is passed over.</summary>
    static async Task<OrderFact> Next(WorkflowContext context, string what, params string[] wanted)
    {
        context.SetCustomStatus($"waits for {what}");
        while (true)
            if (await context.WaitForExternalEventAsync<OrderFact>(FactEvent) is var fact && wanted.Contains(fact.Name))
                return fact;
    }
}
