using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Payments;

/// <summary>The question about an order becomes an intent, which <see cref="AskGateway"/> takes to the gateway after the commit. Asked again, the first answer is given again.</summary>
public static class CapturePayment
{
    public static async Task<Outcome> Handle(CloudEvent<OrderCreated> e, PaymentDb db, TimeProvider clock, CancellationToken ct)
    {
        var (orderId, userId, _, amount, token) = e.Data;
        if (await db.Held(orderId, ct) is { } payment)
            db.Announce(payment);
        else
            db.Payments.Add(Payment.Intent(Ids.NewPayment(), orderId, userId, amount, token, clock.GetUtcNow()).CausedBy(e.CorrelationId, e.Id, Activity.Current?.Id));
        return Outcome.Done;
    }
}
