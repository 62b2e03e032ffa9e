using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Orders;

public static class Routes
{
    public static void MapOrders(this WebApplication app)
    {
        var orders = app.MapApi("/orders").WithTags("Orders");
        orders.MapGet("/{order_id}", ReadOrders.One);
        orders.MapGet("/user/{user_id}", ReadOrders.OfUser);
        orders.MapGet("/{order_id}/events", FollowOrder.Stream);
        orders.MapPost("/{order_id}/cancel", RequestCancellation.Handle);

        app.MapTopic<CheckoutInitiated, OrderDb>(PlaceOrder.Handle);
        app.MapTopic<PaymentProcessed, OrderDb>(RecordPayment.Processed);
        app.MapTopic<PaymentFailed, OrderDb>(RecordPayment.Failed);
        app.MapTopic<PaymentRefunded, OrderDb>(RecordPayment.Refunded);
        app.MapTopic<InventoryReserved, OrderDb>(RecordStock.Reserved);
        app.MapTopic<InventoryDepleted, OrderDb>(RecordStock.Depleted);
        app.MapTopic<InventoryReleased, OrderDb>(RecordStock.Released);
    }
}
