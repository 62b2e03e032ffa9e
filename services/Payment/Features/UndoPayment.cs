using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Payments;

/// <summary>A cancelled order gets its money back, or is never charged when the question about it comes later. Either is announced when it is sure.</summary>
public static class UndoPayment
{
    public static async Task<Outcome> Handle(CloudEvent<OrderCancelled> e, PaymentDb db, TimeProvider clock, CancellationToken ct)
    {
        var (orderId, userId, reason, _) = e.Data;
        var payment = await db.Held(orderId, ct);
        if (payment is null)
            db.Payments.Add(payment = Payment.Never(Ids.NewPayment(), orderId, userId, reason, clock.GetUtcNow()));
        var isOpen = payment.Cancel(reason, clock.GetUtcNow());
        payment.CausedBy(e.CorrelationId, e.Id, Activity.Current?.Id);
        // What is open the gateway is asked after the commit; and who cancels because of our answer has heard it.
        if (!isOpen && e.Data.CancellationSource != CancellationSources.PaymentFailed)
            db.Announce(payment);
        return Outcome.Done;
    }
}
