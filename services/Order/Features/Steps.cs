using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders.Saga;

namespace Ecom.Orders;

// The saga's steps: each is one transaction, and safe to repeat.

/// <summary>PENDING → PAID, and inventory is asked. False: the customer wants out.</summary>
public sealed class ConfirmOrder(OrderDb db, OrderWatch watch, TimeProvider clock, ILogger<ConfirmOrder> log) : WorkflowActivity<StepInput, bool>
{
    public override Task<bool> RunAsync(WorkflowActivityContext context, StepInput input) => db.Decide(input.OrderId, watch, log, order =>
    {
        if (order.Confirm(clock.GetUtcNow()))
            db.Publish(new OrderConfirmed(order.OrderId, order.UserId, order.Lines()), order.Trail(input.CausationId));
        return order.Status is OrderStatus.PAID or OrderStatus.FULFILLED;
    });
}

/// <summary>PAID → FULFILLED, and the customer is told. False: the customer wants out.</summary>
public sealed class FulfilOrder(OrderDb db, OrderWatch watch, TimeProvider clock, ILogger<FulfilOrder> log) : WorkflowActivity<StepInput, bool>
{
    public override Task<bool> RunAsync(WorkflowActivityContext context, StepInput input) => db.Decide(input.OrderId, watch, log, order =>
    {
        if (order.Fulfil(clock.GetUtcNow()))
            db.Publish(order.Mail(NotificationTypes.OrderFulfilled), order.Trail(input.CausationId));
        return order.Status is OrderStatus.FULFILLED;
    });
}

/// <summary>→ CANCELLED; payment and inventory are told to undo. True: money was taken, its refund must be waited for. Otherwise the order is closed here.</summary>
public sealed class CancelOrder(OrderDb db, OrderWatch watch, TimeProvider clock, ILogger<CancelOrder> log) : WorkflowActivity<CancelInput, bool>
{
    public override Task<bool> RunAsync(WorkflowActivityContext context, CancelInput input) => db.Decide(input.OrderId, watch, log, order =>
    {
        if (order.Cancel(input.Source, input.Reason, clock.GetUtcNow()))
            db.Publish(new OrderCancelled(order.OrderId, order.UserId, input.Reason, input.Source), order.Trail(input.CausationId));
        if (order.Close(clock.GetUtcNow()))
            db.Publish(order.Mail(NotificationTypes.OrderCancelled), order.Trail(input.CausationId));
        return order is { Status: OrderStatus.CANCELLED, IsEnded: false };
    });
}

/// <summary>The money is back: the cancelled order is done, and the customer is told.</summary>
public sealed class CloseOrder(OrderDb db, OrderWatch watch, TimeProvider clock, ILogger<CloseOrder> log) : WorkflowActivity<StepInput, bool>
{
    public override Task<bool> RunAsync(WorkflowActivityContext context, StepInput input) => db.Decide(input.OrderId, watch, log, order =>
    {
        if (order.Close(clock.GetUtcNow()))
            db.Publish(order.Mail(NotificationTypes.OrderCancelled), order.Trail(input.CausationId));
        return order.IsEnded;
    });
}

static partial class Deciding
{
    /// <summary>Runs a decision over the held order in one transaction, then tells who watches it.</summary>
    public static async Task<bool> Decide(this OrderDb db, string orderId, OrderWatch watch, ILogger log, Func<Order, bool> decide)
    {
        var answer = false;
        Order? order = null;
        await db.InTransaction(async () =>
        {
            order = await db.Held(orderId, default) ?? throw new InvalidOperationException($"there is no order {orderId}");
            answer = decide(order);
        });
        using var scope = log.BeginScope(new Dictionary<string, object> { ["CorrelationId"] = order!.CorrelationId });
        LogStatus(log, orderId, order.Status, order.CancellationSource);
        watch.Changed(orderId);
        return answer;
    }

    public static Trail Trail(this Order order, string? causationId) => new(order.CorrelationId, causationId);

    public static IReadOnlyList<OrderLine> Lines(this Order order) => [.. order.Items.Select(item => item.ToLine())];

    public static NotificationSend Mail(this Order order, string type) =>
        new(order.UserId, Mailbox.Of(order.UserId), type, order.OrderId,
            new(order.Lines(), order.TotalAmount, order.CancelReason, order.CancellationSource, order.DepletedProductId, order.RefundedAmount));

    [LoggerMessage(LogLevel.Information, "Order {OrderId} is {Status} {CancellationSource}")]
    static partial void LogStatus(ILogger log, string orderId, OrderStatus status, string? cancellationSource);
}
