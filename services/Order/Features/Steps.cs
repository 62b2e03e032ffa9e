using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders.Saga;

namespace Ecom.Orders;

// The saga's steps: each is one transaction, and safe to repeat.

/// <summary>PENDING → PAID, and inventory is asked. False: the customer wants out.</summary>
public sealed class ConfirmOrder(OrderDb db, Decisions decisions, TimeProvider clock) : WorkflowActivity<StepInput, bool>
{
    public override Task<bool> RunAsync(WorkflowActivityContext context, StepInput input) => decisions.Make(input.OrderId, order =>
    {
        if (order.Confirm(clock.GetUtcNow()))
            db.Publish(order.Confirmed(), order.Trail(input.CausationId), order.ConfirmedAt);
        return order.Status is OrderStatus.PAID or OrderStatus.FULFILLED;
    });
}

/// <summary>PAID → FULFILLED, and the customer is told. False: the customer wants out.</summary>
public sealed class FulfilOrder(OrderDb db, Decisions decisions, TimeProvider clock) : WorkflowActivity<StepInput, bool>
{
    public override Task<bool> RunAsync(WorkflowActivityContext context, StepInput input) => decisions.Make(input.OrderId, order =>
    {
        if (order.Fulfil(clock.GetUtcNow()))
            db.Publish(order.Mail(NotificationTypes.OrderFulfilled), order.Trail(input.CausationId));
        return order.Status is OrderStatus.FULFILLED;
    });
}

/// <summary>→ CANCELLED; payment and inventory are told to undo. True: nothing is owed any more, and the order is closed.</summary>
public sealed class CancelOrder(OrderDb db, Decisions decisions, TimeProvider clock) : WorkflowActivity<CancelInput, bool>
{
    public override Task<bool> RunAsync(WorkflowActivityContext context, CancelInput input) => decisions.Make(input.OrderId, order =>
    {
        if (order.Cancel(input.Source, input.Reason, clock.GetUtcNow()))
            db.Publish(order.Cancelled(), order.Trail(input.CausationId), order.CancelledAt);
        return decisions.CloseIfDone(order, input.CausationId, clock.GetUtcNow());
    });
}

/// <summary>Payment or inventory has undone its part. True: nothing is owed any more, and the order is closed.</summary>
public sealed class CloseOrder(Decisions decisions, TimeProvider clock) : WorkflowActivity<StepInput, bool>
{
    public override Task<bool> RunAsync(WorkflowActivityContext context, StepInput input) =>
        decisions.Make(input.OrderId, order => decisions.CloseIfDone(order, input.CausationId, clock.GetUtcNow()));
}

/// <summary>Runs a decision over the held order in one transaction.</summary>
public sealed partial class Decisions(OrderDb db, OrderMetrics metrics, ILogger<Decisions> log)
{
    public async Task<bool> Make(string orderId, Func<Order, bool> decide)
    {
        var answer = false;
        await db.InTransaction(async () =>
        {
            var order = await db.Held(orderId, default) ?? throw new InvalidOperationException($"there is no order {orderId}");
            using var span = Tracing.Follow("decide", order.TraceParent, System.Diagnostics.ActivityKind.Internal);
            using var scope = log.BeginScope(new Dictionary<string, object> { ["OrderId"] = orderId, ["CorrelationId"] = order.CorrelationId });
            var before = (order.Status, order.IsEnded);
            answer = decide(order);
            LogStatus(orderId, order.Status, order.CancellationSource);
            db.AfterCommit(() => metrics.Count(order, before));
        });
        CrashPoint.Reach($"{AppIds.Order}.step");
        return answer;
    }

    /// <summary>The customer is told what became of the money only now, when it is known.</summary>
    public bool CloseIfDone(Order order, string? causationId, DateTimeOffset now)
    {
        if (order.Close(now))
            db.Publish(order.Mail(NotificationTypes.OrderCancelled), order.Trail(causationId));
        return order.IsEnded;
    }

    [LoggerMessage(LogLevel.Information, "Order {OrderId} is {Status} {CancellationSource}")]
    partial void LogStatus(string orderId, OrderStatus status, string? cancellationSource);
}
