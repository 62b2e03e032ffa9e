using Dapr.Workflow;
using Ecom.Contracts;

namespace Ecom.Orders.Saga;

/// <summary>What a saga is started with; everything else it learns from facts.</summary>
public sealed record SagaInput(string OrderId);

/// <summary>Something that happened to the order, told to the saga after it was recorded in the order's row.</summary>
/// <param name="Name">The topic of the event that told it, or one of the names below.</param>
/// <param name="EventId">That event's id, the <c>causationid</c> of what follows.</param>
public sealed record OrderFact(string Name, string? EventId, string? Reason = null, string? ProductId = null)
{
    /// <summary>The customer wants out.</summary>
    public const string CancelRequested = "cancel_requested";

    /// <summary>The answer that is waited for could have come and did not.</summary>
    public const string TimedOut = "timed_out";
}

/// <summary>The input of a step that only moves the order on.</summary>
public sealed record StepInput(string OrderId, string? CausationId);

/// <summary>Why and on whose account an order is cancelled.</summary>
public sealed record CancelInput(string OrderId, string? CausationId, string Source, string Reason);

/// <summary>
/// The story of an order, top to bottom (instance id = order id): PENDING → paid → PAID → reserved → FULFILLED,
/// and from every other turn to CANCELLED, with whatever was done undone.
/// <para>Few steps on purpose: each is one database transaction that writes the order's status and its outgoing events together,
/// is safe to repeat, and costs the engine two scheduler jobs. No timers: a deadline runs only while the answer could come, which
/// the reconciler knows, and tells (ADR 0014). A change to this code needs <see cref="WorkflowContext.IsPatched"/>: running sagas replay it (ADR 0024).</para>
/// </summary>
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
