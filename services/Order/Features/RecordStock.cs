using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Orders;

/// <summary>What inventory says is recorded whatever the order's status, and told to the saga.</summary>
public static class RecordStock
{
    public static async Task<Outcome> Reserved(CloudEvent<InventoryReserved> e, OrderDb db, TellSaga saga, TimeProvider clock, CancellationToken ct)
    {
        if (await db.Held(e.Data.OrderId, ct) is not { } order)
            return Outcome.Again($"there is no order {e.Data.OrderId}");
        order.RecordReserved(clock.GetUtcNow());
        saga.Hear(db, order, new(e.Type, e.Id));
        return Outcome.Done;
    }

    public static async Task<Outcome> Depleted(CloudEvent<InventoryDepleted> e, OrderDb db, TellSaga saga, TimeProvider clock, CancellationToken ct)
    {
        var (orderId, productId, requested, available) = e.Data;
        if (orderId is null)
            return Outcome.Done;
        if (await db.Held(orderId, ct) is not { } order)
            return Outcome.Again($"there is no order {orderId}");
        order.RecordDepleted(productId, clock.GetUtcNow());
        saga.Hear(db, order, new(e.Type, e.Id, $"{productId} is out of stock: {requested} wanted, {available} left", productId));
        return Outcome.Done;
    }

    public static async Task<Outcome> Released(CloudEvent<InventoryReleased> e, OrderDb db, TellSaga saga, TimeProvider clock, CancellationToken ct)
    {
        if (await db.Held(e.Data.OrderId, ct) is not { } order)
            return Outcome.Again($"there is no order {e.Data.OrderId}");
        order.RecordReleased(clock.GetUtcNow());
        saga.Hear(db, order, new(e.Type, e.Id));
        return Outcome.Done;
    }
}
