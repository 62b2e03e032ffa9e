using Ecom.Hosting;

namespace Ecom.Payments;

public static class Routes
{
    public static void MapPayments(this WebApplication app)
    {
        var payments = app.MapApi("/payments").WithTags("Payments").ForCustomer().Knows("status", Enum.GetNames<PaymentStatus>());
        payments.MapGet("/{payment_id}", ReadPayments.One).Says("ReadPayment", "A payment", 404);
        payments.MapGet("/order/{order_id}", ReadPayments.OfOrder).Says("ReadPaymentOfOrder", "The payment of an order", 404);

        app.MapTopic<PaymentDb>(CapturePayment.Handle, isAnsweredAgain: true);
        app.MapTopic<PaymentDb>(UndoPayment.Handle, isAnsweredAgain: true);
    }
}
