using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Payments;

public static class Routes
{
    public static void MapPayments(this WebApplication app)
    {
        var payments = app.MapApi("/payments").WithTags("Payments");
        payments.MapGet("/{payment_id}", ReadPayments.One);
        payments.MapGet("/order/{order_id}", ReadPayments.OfOrder);

        app.MapTopic<OrderCreated, PaymentDb>(CapturePayment.Handle);
        app.MapTopic<OrderCancelled, PaymentDb>(RefundPayment.Handle);
    }
}
