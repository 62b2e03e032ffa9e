using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Orders.Saga;

namespace Ecom.Tests.Workflow;

/// <summary>The order saga in the place of its code, of which there are several, and steps that do nothing.</summary>
static class SagaVersions
{
    public const string Careful = "CarefulSaga", Careless = "CarelessSaga", Check = "CheckOrder";

    public static void Register(WorkflowRuntimeOptions options, Stage stage)
    {
        options.RegisterWorkflow<SagaInput, string>(nameof(OrderSaga), (context, input) => Before(stage, context, input) ?? new OrderSaga().RunAsync(context, input));
        options.RegisterWorkflow<SagaInput, string>(Careful, (context, input) => Before(stage, context, input) ?? Changed(context, input, () => context.IsPatched("check-first")));
        options.RegisterWorkflow<SagaInput, string>(Careless, (context, input) => Before(stage, context, input) ?? Changed(context, input, () => true));
        foreach (var step in (string[])[Check, OrderSaga.Confirm, OrderSaga.Fulfil, OrderSaga.Close])
            options.RegisterActivity<StepInput, bool>(step, (_, _) => Task.FromResult(true));
        // Something is always owed, so that the saga waits for it.
        options.RegisterActivity<CancelInput, bool>(OrderSaga.Cancel, (_, _) => Task.FromResult(false));
    }

    static Task<string>? Before(Stage stage, WorkflowContext context, SagaInput input) => stage.CodeIsOld ? new Earlier.OrderSaga().RunAsync(context, input) : null;

    /// <summary>A change such as one might make: a step more, in front of all others.</summary>
    static async Task<string> Changed(WorkflowContext context, SagaInput input, Func<bool> isNew)
    {
        if (isNew())
            await context.CallActivityAsync<bool>(Check, new StepInput(input.OrderId, null));
        return await new OrderSaga().RunAsync(context, input);
    }
}

/// <summary>A way that an order can take: each fact with the step that follows it, if any.</summary>
public sealed record SagaPath(string Name, string End, params (string Fact, string? Step)[] Facts)
{
    public static IReadOnlyList<SagaPath> All { get; } =
    [
        new("fulfilled", "FULFILLED", (Topics.PaymentProcessed, OrderSaga.Confirm), (Topics.InventoryReserved, OrderSaga.Fulfil)),
        new("told twice and too early", "FULFILLED", (Topics.InventoryReserved, null), (Topics.PaymentProcessed, OrderSaga.Confirm), (Topics.PaymentProcessed, null), (Topics.InventoryReserved, OrderSaga.Fulfil)),
        new("declined", "CANCELLED", (Topics.PaymentFailed, OrderSaga.Cancel), (Topics.InventoryReleased, OrderSaga.Close)),
        new("sold out", "CANCELLED", (Topics.PaymentProcessed, OrderSaga.Confirm), (Topics.InventoryDepleted, OrderSaga.Cancel), (Topics.PaymentRefunded, OrderSaga.Close)),
        new("cancelled at once", "CANCELLED", (OrderFact.CancelRequested, OrderSaga.Cancel), (Topics.PaymentRefunded, OrderSaga.Close)),
        new("cancelled when paid", "CANCELLED", (Topics.PaymentProcessed, OrderSaga.Confirm), (OrderFact.CancelRequested, OrderSaga.Cancel), (Topics.PaymentRefunded, OrderSaga.Close)),
        new("no answer from payment", "CANCELLED", (OrderFact.TimedOut, OrderSaga.Cancel), (Topics.PaymentRefunded, OrderSaga.Close)),
        new("no answer from inventory", "CANCELLED", (Topics.PaymentProcessed, OrderSaga.Confirm), (OrderFact.TimedOut, OrderSaga.Cancel), (Topics.PaymentRefunded, OrderSaga.Close)),
    ];

    public IEnumerable<string> Steps => Facts.Select(fact => fact.Step).OfType<string>();
}
