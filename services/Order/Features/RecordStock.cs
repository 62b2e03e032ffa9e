using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders.Saga;

namespace Ecom.Orders;

/// <summary>What inventory says is recorded whatever the order's status, and told to the saga while there is one.</summary>
public static class RecordStock
{
    public static Task<Outcome> Reserved(CloudEvent<InventoryReserved> e, OrderDb db, IServiceProvider services, CancellationToken ct) =>
        db.Record(e, new(FactKind.Reserved, e.Id), services, (order, now) =>
        {
            order.RecordReserved(now);
            return null;
        }, ct);

    public static async Task<Outcome> Depleted(CloudEvent<InventoryDepleted> e, OrderDb db, IServiceProvider services, CancellationToken ct)
    {
        var (orderId, productId, requested, available) = e.Data;
        if (orderId is null)
            return Outcome.Done;
        return await db.Record(e, new(FactKind.Depleted, e.Id, $"{productId} is out of stock: {requested} wanted, {available} left", productId), services, (order, now) =>
        {
            order.RecordDepleted(productId, now);
            return null;
        }, ct);
    }

    public static Task<Outcome> Released(CloudEvent<InventoryReleased> e, OrderDb db, IServiceProvider services, CancellationToken ct) =>
        db.Record(e, null, services, (order, now) =>
        {
            order.RecordReleased(now);
            return null;
        }, ct);
}
