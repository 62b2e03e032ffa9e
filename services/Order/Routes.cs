using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Orders;

public static class Routes
{
    public static void MapOrders(this WebApplication app)
    {
        var orders = app.MapApi("/orders").WithTags("Orders").Knows("status", Enum.GetNames<OrderStatus>()).Knows("cancellation_source", CancellationSources.All);
        orders.MapGet("/{order_id}", ReadOrders.One).Says("ReadOrder", "An order", 404).ForCustomer();
        orders.MapGet("/user/{user_id}", ReadOrders.OfUser).Says("ReadOrdersOfUser", "A customer's orders, the newest first").Paged().ForCustomer("user_id");
        orders.MapGet("/{order_id}/events", FollowOrder.Stream).Says("FollowOrder", "The order's status now, and each change of it until the order has ended", 404).Streaming().ForCustomer();
        orders.MapGet("/{order_id}/saga", ReadSaga.One).Says("ReadSaga", "The steps that the order's saga has taken, and what it waits for", 404).Knows("name", ReadSaga.Names).ForObservers();
        orders.MapPost("/{order_id}/cancel", RequestCancellation.Handle).Says("RequestCancellation", "Ask for the order's cancellation", 404, 409).ForCustomer();

        app.MapTopic<OrderDb>(PlaceOrder.Handle);
        app.MapTopic<OrderDb>(RecordPayment.Processed);
        app.MapTopic<OrderDb>(RecordPayment.Failed);
        app.MapTopic<OrderDb>(RecordPayment.Refunded);
        app.MapTopic<OrderDb>(RecordStock.Reserved);
        app.MapTopic<OrderDb>(RecordStock.Depleted);
        app.MapTopic<OrderDb>(RecordStock.Released);
    }
}
