using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders.Saga;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>A checkout becomes an order, a question to payment and a saga.</summary>
public static partial class PlaceOrder
{
    public static async Task<Outcome> Handle(CloudEvent<CheckoutInitiated> e, OrderDb db, IServiceProvider services, CancellationToken ct)
    {
        var checkout = e.Data;
        if (checkout.Items.Select(i => i.ProductId).Distinct().Count() != checkout.Items.Count)
            return Outcome.Never("a product stands in more than one line");
        if (await db.Orders.AnyAsync(o => o.OrderId == checkout.OrderId, ct))
            return Outcome.Done;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var trail = Trail.Of(e);
        db.Orders.Add(Order.Place(checkout, trail.CorrelationId!, now));
        // The start of the saga goes out before the question to payment, so that no answer finds nobody.
        db.Start(new SagaInput(checkout.OrderId, services.GetRequiredService<SagaOptions>().Timeout), now);
        db.Publish(new OrderCreated(checkout.OrderId, checkout.UserId, checkout.Items, checkout.TotalAmount, checkout.PaymentToken), trail);
        LogPlaced(services.Log(typeof(PlaceOrder)), checkout.OrderId, checkout.TotalAmount);
        return Outcome.Done;
    }

    [LoggerMessage(LogLevel.Information, "Order {OrderId} placed: {TotalAmount}")]
    static partial void LogPlaced(ILogger log, string orderId, decimal totalAmount);
}
