using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders.Saga;

namespace Ecom.Orders;

/// <summary>What payment says is recorded whatever the order's status (a late answer too), and told to the saga while there is one.</summary>
public static class RecordPayment
{
    public static Task<Outcome> Processed(CloudEvent<PaymentProcessed> e, OrderDb db, IServiceProvider services, CancellationToken ct) =>
        db.Record(e, new(FactKind.Paid, e.Id), services, (order, now) =>
        {
            if (order.TotalAmount != e.Data.Amount)
                return $"the amount {e.Data.Amount} is not the order's total {order.TotalAmount}";
            order.Record(e.Data, now);
            return null;
        }, ct);

    public static Task<Outcome> Failed(CloudEvent<PaymentFailed> e, OrderDb db, IServiceProvider services, CancellationToken ct) =>
        db.Record(e, new(FactKind.PaymentFailed, e.Id, e.Data.Reason), services, (order, now) =>
        {
            order.Record(e.Data, now);
            return null;
        }, ct);

    public static Task<Outcome> Refunded(CloudEvent<PaymentRefunded> e, OrderDb db, IServiceProvider services, CancellationToken ct) =>
        db.Record(e, new(FactKind.Refunded, e.Id), services, (order, now) =>
        {
            order.Record(e.Data, now);
            return null;
        }, ct);
}
