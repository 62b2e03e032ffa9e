using System.Globalization;
using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>What an event says, in one line for people.</summary>
static class Summaries
{
    const int Most = 300;

    public static string Of(object fact)
    {
        var words = fact switch
        {
            CartItemAdded e => $"{e.UserId} puts {e.Quantity} × {Catalogue.NameOf(e.ProductId)} in the cart",
            CartItemRemoved e => $"{e.UserId} takes {Catalogue.NameOf(e.ProductId)} out of the cart",
            CheckoutInitiated e => $"{e.UserId} checks out {Lines(e.Items.Sum(line => line.Quantity))} for {Money(e.TotalAmount)}",
            OrderCreated e => $"Order placed: charge {Money(e.TotalAmount)}",
            PaymentProcessed e => $"Paid: {Money(e.Amount)} {e.Currency} by {e.Method}",
            PaymentFailed e => $"Not paid: {Words(e.Reason)}",
            OrderConfirmed e => $"Order confirmed: reserve {Lines(e.Items.Sum(line => line.Quantity))}",
            InventoryReserved e => $"Stock reserved: {Lines(e.Items.Sum(line => line.Quantity))}",
            InventoryDepleted e => $"Out of stock: {Catalogue.NameOf(e.ProductId)}, {e.Requested} wanted, {e.Available} there",
            InventoryLow e => $"Stock is low: {e.CurrentStock} of {Catalogue.NameOf(e.ProductId)} left",
            OrderCancelled e => $"Order cancelled: {Words(e.Reason)}",
            PaymentRefunded { Amount: 0 } => "Nothing was charged, and nothing will be",
            PaymentRefunded e => $"Refunded: {Money(e.Amount)}",
            InventoryReleased { Items.Count: 0 } => "No stock was held, and none will be",
            InventoryReleased e => $"Stock released: {Lines(e.Items.Sum(line => line.Quantity))}",
            NotificationSend e => $"Tell {e.UserId}: {Words(e.NotificationType)}",
            FraudDetected e => $"{e.Severity} {Words(e.AlertType)} of {e.UserId}: {e.Details}",
            _ => fact.GetType().Name,
        };
        return words.Length <= Most ? words : words[..Most];
    }

    public static string? UserOf(object fact) => fact switch
    {
        CartItemAdded e => e.UserId,
        CartItemRemoved e => e.UserId,
        CheckoutInitiated e => e.UserId,
        OrderCreated e => e.UserId,
        PaymentProcessed e => e.UserId,
        PaymentFailed e => e.UserId,
        OrderConfirmed e => e.UserId,
        OrderCancelled e => e.UserId,
        PaymentRefunded e => e.UserId,
        NotificationSend e => e.UserId,
        FraudDetected e => e.UserId,
        _ => null,
    };

    public static string Money(decimal amount) => amount.ToString("$0.00", CultureInfo.InvariantCulture);

    /// <summary>Reasons are codes on the wire (insufficient_funds) and words for people.</summary>
    public static string Words(string? code) => code?.Replace('_', ' ') ?? "no reason was given";

    static string Lines(int count) => count == 1 ? "1 item" : $"{count} items";
}
