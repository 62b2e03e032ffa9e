using Dapr.Workflow;
using Ecom.Orders.Saga;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>
/// Gives an open order whose saga is gone (its store was lost, or it failed) a new one, and tells it again what is known.
/// The steps are safe to repeat, so the new saga passes over what was done.
/// </summary>
public sealed partial class Reconciler(IServiceScopeFactory scopes, DaprWorkflowClient workflows, SagaOptions saga, TimeProvider clock, ILogger<Reconciler> log) : BackgroundService
{
    const int AtOnce = 100;
    static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
                try
                {
                    await Reconcile(ct);
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    LogWaits(e.GetBaseException().Message);
                }
        }
        catch (OperationCanceledException)
        {
        }
    }

    internal async Task Reconcile(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrderDb>();
        var settled = clock.GetUtcNow() - Every;
        var open = await db.Orders.AsNoTracking().Where(o => o.ClosedAt == null && o.UpdatedAt < settled).OrderBy(o => o.UpdatedAt).Take(AtOnce).ToListAsync(ct);
        foreach (var order in open)
        {
            // A saga whose start is still in the outbox is not missing.
            if (await db.Outbox.AnyAsync(m => m.Key == order.OrderId && m.SentAt == null, ct))
                continue;
            var state = await workflows.GetWorkflowStateAsync(order.OrderId, false, ct);
            if (state is { Exists: true, IsWorkflowCompleted: false })
                continue;
            if (state is { Exists: true })
                await workflows.PurgeInstanceAsync(order.OrderId, ct);
            LogRestarted(order.OrderId, order.Status);
            await db.InTransaction(async () =>
            {
                var now = clock.GetUtcNow();
                var held = await db.Held(order.OrderId, ct);
                db.Start(new SagaInput(order.OrderId, saga.Timeout), now);
                foreach (var fact in Known(held!))
                    db.Raise(order.OrderId, fact, now);
            }, ct);
        }
    }

    static IEnumerable<OrderFact> Known(Order order)
    {
        // A cancelled order's saga only has the cancelling left to do; its step answers from the row.
        if (order.CancelRequestedAt is not null || order.Status is OrderStatus.CANCELLED)
            yield return new(FactKind.CancelRequested, null);
        else if (order.PaymentFailure is { } failure)
            yield return new(FactKind.PaymentFailed, null, failure);
        else if (order.PaidAmount is not null)
            yield return new(FactKind.Paid, null);
        if (order.DepletedProductId is { } product)
            yield return new(FactKind.Depleted, null, $"{product} is out of stock", product);
        else if (order.StockReservedAt is not null)
            yield return new(FactKind.Reserved, null);
        if (order.RefundedAmount is not null)
            yield return new(FactKind.Refunded, null);
    }

    [LoggerMessage(LogLevel.Warning, "Order {OrderId} is {Status} and has no saga: it gets a new one")]
    partial void LogRestarted(string orderId, OrderStatus status);

    [LoggerMessage(LogLevel.Warning, "Open orders are looked through later: {Reason}")]
    partial void LogWaits(string reason);
}
