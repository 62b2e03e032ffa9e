using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Payments;

/// <summary>A cancelled order gets its money back, or is never charged when the question about it comes later.</summary>
public static class RefundPayment
{
    public static async Task<Outcome> Handle(CloudEvent<OrderCancelled> e, PaymentDb db, IServiceProvider services, CancellationToken ct)
    {
        var (orderId, userId, reason, _) = e.Data;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var payment = await db.Payments.SingleOrDefaultAsync(p => p.OrderId == orderId, ct);
        if (payment is null)
            db.Payments.Add(payment = Payment.For(Ids.NewPayment(), orderId, userId, 0, now));
        if (payment.Cancel(reason, now))
        {
            await services.GetRequiredService<IPaymentGateway>().Refund(orderId, payment.Amount, ct);
            db.Publish(new PaymentRefunded(payment.PaymentId, orderId, userId, payment.Amount, reason), Trail.Of(e));
        }
        CapturePayment.LogAsked(services.GetRequiredService<ILogger<Payment>>(), payment.PaymentId, orderId, payment.Status, payment.Reason);
        return Outcome.Done;
    }
}
