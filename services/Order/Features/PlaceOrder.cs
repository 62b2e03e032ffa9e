using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Orders;

/// <summary>A checkout becomes an order, a question to payment and a saga.</summary>
public static partial class PlaceOrder
{
    public static async Task<Outcome> Handle(CloudEvent<CheckoutInitiated> e, OrderDb db, TellSaga saga, TimeProvider clock, ILogger<Order> log, CancellationToken ct)
    {
        var checkout = e.Data;
        if (checkout.Items.Select(i => i.ProductId).Distinct().Count() != checkout.Items.Count)
            return Outcome.Never("a product stands in more than one line");
        if (await db.Held(checkout.OrderId, ct) is not null)
            return Outcome.Done;
        var order = Order.Place(checkout, e.CorrelationId ?? e.Id, Activity.Current?.Id, clock.GetUtcNow());
        db.Orders.Add(order);
        db.Publish(order.Created(), Trail.Of(e), order.CreatedAt);
        saga.Begin(db, order);
        LogPlaced(log, checkout.OrderId, checkout.TotalAmount);
        return Outcome.Done;
    }

    [LoggerMessage(LogLevel.Information, "Order {OrderId} placed: {TotalAmount}")]
    static partial void LogPlaced(ILogger log, string orderId, decimal totalAmount);
}
