using System.Globalization;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Notifications;

/// <summary>Tells a customer how the order ended.</summary>
public static class TellCustomer
{
    public static Outcome Handle(CloudEvent<NotificationSend> e, NotificationDb db, MailOptions options, TimeProvider clock)
    {
        var send = e.Data;
        var (kind, letter) = Write(send, options.Show(e.Time));
        return db.Queue(e, kind, send.UserId, Letter.OneLine(send.RecipientEmail), send.OrderId, letter, clock.GetUtcNow());
    }

    static (string Kind, Letter Letter) Write(NotificationSend send, string time)
    {
        var (order, facts) = (send.OrderId, send.Data);
        return (send.NotificationType, facts.CancellationSource) switch
        {
            (NotificationTypes.OrderFulfilled, _) => (Kinds.Fulfilled, new Letter($"Order Confirmed #{order}")
                .Paragraph($"Thank you for your order. It was confirmed on {time} and is on its way.")
                .Order(facts)
                .Paragraph($"Tracking number: TRK-{order[^Math.Min(8, order.Length)..]}")),
            (_, CancellationSources.PaymentFailed) => (Kinds.CancelledPayment, new Letter($"Order Cancelled - Payment Failed #{order}")
                .Paragraph($"Your order was cancelled on {time} because the payment failed: {Words(facts.Reason)}.")
                .Order(facts)
                .Paragraph("You have not been charged. You may try again with another payment method.")),
            (_, CancellationSources.InventoryDepleted) => (Kinds.CancelledStock, new Letter($"Order Cancelled - Out of Stock #{order}")
                .Paragraph($"We are sorry: your order was cancelled on {time} because {(facts.ProductId is { } product ? Catalogue.NameOf(product) : "a product")} is out of stock.")
                .Order(facts)
                .Paragraph($"Refunded: {Money(facts.RefundedAmount ?? 0)}. We apologise for the inconvenience.")),
            _ => (Kinds.Cancelled, new Letter($"Order Cancelled #{order}")
                .Paragraph($"Your order was cancelled on {time}: {Words(facts.Reason)}.")
                .Order(facts)
                .Paragraph(facts.RefundedAmount is { } refunded and > 0 ? $"Refunded: {Money(refunded)}." : "You have not been charged.")),
        };
    }

    static Letter Order(this Letter letter, MailFacts facts) => letter
        .Table(["Product", "Quantity", "Price", "Total"], facts.Items.Select(i => (IReadOnlyList<string>)[Catalogue.NameOf(i.ProductId), i.Quantity.ToString(CultureInfo.InvariantCulture), Money(i.Price), Money(i.ItemTotal)]))
        .Paragraph($"Total: {Money(facts.TotalAmount)}");

    static string Money(decimal amount) => amount.ToString("$0.00", CultureInfo.InvariantCulture);

    /// <summary>Reasons are codes on the wire (insufficient_funds) and words in a mail.</summary>
    static string Words(string? reason) => reason is { Length: > 0 } ? reason.Replace('_', ' ').TrimEnd('.') : "no reason was given";
}
