using Dapr.Workflow;
using Ecom.Contracts;

namespace Ecom.Orders.Saga;

/// <summary>What a saga is started with; everything else it learns from facts.</summary>
/// <param name="Timeout">The deadline of the whole saga: one timer costs one scheduler job, a timer per wait would cost as many.</param>
public sealed record SagaInput(string OrderId, TimeSpan Timeout);

public enum FactKind { Paid, PaymentFailed, Reserved, Depleted, CancelRequested, Refunded }

/// <summary>Something that happened to the order, raised on the saga after it was recorded in the order's row.</summary>
/// <param name="EventId">The event that told it, the <c>causationid</c> of what follows.</param>
public sealed record OrderFact(FactKind Kind, string? EventId, string? Reason = null, string? ProductId = null);

/// <summary>The input of a step that only moves the order on.</summary>
public sealed record StepInput(string OrderId, string? CausationId);

/// <summary>Why and on whose account an order is cancelled.</summary>
public sealed record CancelInput(string OrderId, string? CausationId, string Source, string Reason, string? ProductId);

/// <summary>
/// The story of an order, top to bottom (instance id = order id): PENDING → paid → PAID → reserved → FULFILLED,
/// and from every other turn to CANCELLED, with whatever was done undone.
/// <para>Few steps on purpose: each is one database transaction that writes the order's status and its outgoing events together,
/// is safe to repeat, and costs the engine two scheduler jobs. A change to this code needs <see cref="WorkflowContext.IsPatched"/>:
/// running sagas replay it.</para>
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
        var facts = new Facts(context, input.Timeout);

        context.SetCustomStatus("waits for the payment");
        var payment = await facts.Next(FactKind.Paid, FactKind.PaymentFailed, FactKind.CancelRequested);
        if (payment is not { Kind: FactKind.Paid })
            return await Undo(context, facts, input, payment, "the payment");
        if (!await context.CallActivityAsync<bool>(Confirm, new StepInput(input.OrderId, payment.EventId), Patiently))
            return await Undo(context, facts, input, new(FactKind.CancelRequested, payment.EventId), "the payment");

        context.SetCustomStatus("waits for the stock");
        var stock = await facts.Next(FactKind.Reserved, FactKind.Depleted, FactKind.CancelRequested);
        if (stock is not { Kind: FactKind.Reserved })
            return await Undo(context, facts, input, stock, "the stock");
        if (!await context.CallActivityAsync<bool>(Fulfil, new StepInput(input.OrderId, stock.EventId), Patiently))
            return await Undo(context, facts, input, new(FactKind.CancelRequested, stock.EventId), "the stock");

        context.SetCustomStatus("fulfilled");
        return "FULFILLED";
    }

    /// <summary>Cancelling tells payment and inventory to undo what they did or may still do. An order that was charged is closed only when the money is back.</summary>
    static async Task<string> Undo(WorkflowContext context, Facts facts, SagaInput input, OrderFact? cause, string waitedFor)
    {
        var (source, reason) = cause switch
        {
            { Kind: FactKind.PaymentFailed } => (CancellationSources.PaymentFailed, cause.Reason ?? "payment failed"),
            { Kind: FactKind.Depleted } => (CancellationSources.InventoryDepleted, cause.Reason ?? "out of stock"),
            { Kind: FactKind.CancelRequested } => (CancellationSources.Customer, cause.Reason ?? "cancelled by the customer"),
            _ => (CancellationSources.Timeout, $"no answer about {waitedFor} in time"),
        };
        if (await context.CallActivityAsync<bool>(Cancel, new CancelInput(input.OrderId, cause?.EventId, source, reason, cause?.ProductId), Patiently))
        {
            context.SetCustomStatus("waits for the refund");
            var refund = await facts.Refund();
            await context.CallActivityAsync<bool>(Close, new StepInput(input.OrderId, refund.EventId), Patiently);
        }
        context.SetCustomStatus($"cancelled: {source}");
        return "CANCELLED";
    }

    /// <summary>The order's facts in the order of their coming. One that is not waited for (late, or told twice) is passed over.</summary>
    sealed class Facts(WorkflowContext context, TimeSpan timeout)
    {
        readonly Task deadline = context.CreateTimer(timeout);
        Task<OrderFact>? next;

        /// <returns>Null when the deadline comes first.</returns>
        public async Task<OrderFact?> Next(params FactKind[] wanted)
        {
            while (true)
            {
                next ??= context.WaitForExternalEventAsync<OrderFact>(FactEvent);
                if (await Task.WhenAny(next, deadline) != next)
                    return null;
                var fact = await next;
                next = null;
                if (wanted.Contains(fact.Kind))
                    return fact;
            }
        }

        public async Task<OrderFact> Refund()
        {
            while (true)
            {
                var fact = await (next ?? context.WaitForExternalEventAsync<OrderFact>(FactEvent));
                next = null;
                if (fact.Kind is FactKind.Refunded)
                    return fact;
            }
        }
    }
}
