using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Orders;

/// <summary>What payment says is recorded whatever the order's status (a late answer too), and told to the saga.</summary>
public static class RecordPayment
{
    public static async Task<Outcome> Processed(CloudEvent<PaymentProcessed> e, OrderDb db, TellSaga saga, TimeProvider clock, CancellationToken ct)
    {
        if (await db.Held(e.Data.OrderId, ct) is not { } order)
            return Outcome.Again($"there is no order {e.Data.OrderId}");
        if (e.Data.Amount != order.TotalAmount)
            return Outcome.Never(FormattableString.Invariant($"the amount {e.Data.Amount} is not the order's total {order.TotalAmount}"));
        order.Record(e.Data, clock.GetUtcNow());
        saga.Hear(db, order, new(e.Type, e.Id));
        return Outcome.Done;
    }

    public static async Task<Outcome> Failed(CloudEvent<PaymentFailed> e, OrderDb db, TellSaga saga, TimeProvider clock, CancellationToken ct)
    {
        if (await db.Held(e.Data.OrderId, ct) is not { } order)
            return Outcome.Again($"there is no order {e.Data.OrderId}");
        order.Record(e.Data, clock.GetUtcNow());
        saga.Hear(db, order, new(e.Type, e.Id, e.Data.Reason));
        return Outcome.Done;
    }

    public static async Task<Outcome> Refunded(CloudEvent<PaymentRefunded> e, OrderDb db, TellSaga saga, TimeProvider clock, CancellationToken ct)
    {
        if (await db.Held(e.Data.OrderId, ct) is not { } order)
            return Outcome.Again($"there is no order {e.Data.OrderId}");
        order.Record(e.Data, clock.GetUtcNow());
        saga.Hear(db, order, new(e.Type, e.Id));
        return Outcome.Done;
    }
}
