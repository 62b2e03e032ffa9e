using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Orders;

/// <summary>What order-service says of an order, the first time and when it has to ask again.</summary>
static class Announcements
{
    public static OrderCreated Created(this Order o) => new(o.OrderId, o.UserId, o.Lines(), o.TotalAmount, o.PaymentToken);

    public static OrderConfirmed Confirmed(this Order o) => new(o.OrderId, o.UserId, o.Lines());

    public static OrderCancelled Cancelled(this Order o) => new(o.OrderId, o.UserId, o.CancelReason!, o.CancellationSource!);

    public static NotificationSend Mail(this Order o, string type) =>
        new(o.UserId, Mailbox.Of(o.UserId), type, o.OrderId, new(o.Lines(), o.TotalAmount, o.CancelReason, o.CancellationSource, o.DepletedProductId, o.RefundedAmount));

    public static Trail Trail(this Order o, string? causationId) => new(o.CorrelationId, causationId);

    public static IReadOnlyList<OrderLine> Lines(this Order o) => [.. o.Items.Select(item => item.ToLine())];
}
