using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Payments;

/// <summary>Charges an order, once; the result is stored with its announcement. Asked again, the first answer is given again.</summary>
public static partial class CapturePayment
{
    public static async Task<Outcome> Handle(CloudEvent<OrderCreated> e, PaymentDb db, IServiceProvider services, CancellationToken ct)
    {
        var (orderId, userId, _, amount, token) = e.Data;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var payment = await db.Payments.SingleOrDefaultAsync(p => p.OrderId == orderId, ct);
        if (payment is null)
            db.Payments.Add(payment = Payment.For(Ids.NewPayment(), orderId, userId, amount, now));
        if (payment.Status is PaymentStatus.PENDING)
            payment.Settle(await services.GetRequiredService<IPaymentGateway>().Charge(orderId, amount, token, ct), now);
        switch (payment.Status)
        {
            case PaymentStatus.PROCESSED:
                db.Publish(new PaymentProcessed(payment.PaymentId, orderId, userId, payment.Amount, payment.Currency, payment.Method), Trail.Of(e));
                break;
            case PaymentStatus.FAILED:
                db.Publish(new PaymentFailed(orderId, userId, payment.Reason!), Trail.Of(e));
                break;
        }
        LogAsked(services.GetRequiredService<ILogger<Payment>>(), payment.PaymentId, orderId, payment.Status, payment.Reason);
        return Outcome.Done;
    }

    [LoggerMessage(LogLevel.Information, "Payment {PaymentId} of order {OrderId} is {Status} {Reason}")]
    internal static partial void LogAsked(ILogger log, string paymentId, string orderId, PaymentStatus status, string? reason);
}
