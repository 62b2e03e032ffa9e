using Ecom.Hosting;
using Ecom.Orders.Saga;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Ecom.Orders;

/// <summary>The customer's wish is recorded and told to the saga, which alone decides; a wish that comes after the end is refused.</summary>
public static class RequestCancellation
{
    public static async Task<Results<Accepted<OrderResponse>, ProblemHttpResult>> Handle([Microsoft.AspNetCore.Mvc.FromRoute(Name = "order_id")] string orderId, OrderDb db, TimeProvider clock, CancellationToken ct)
    {
        Order? order = null;
        var accepted = await db.InTransaction(async () =>
        {
            order = await db.Held(orderId, ct);
            if (order is null || !order.RequestCancellation(clock.GetUtcNow()))
                return false;
            db.Raise(orderId, new(FactKind.CancelRequested, null), clock.GetUtcNow());
            return true;
        }, ct);
        return (order, accepted) switch
        {
            (null, _) => Problems.NotFound($"There is no order {orderId}."),
            (_, false) => Problems.Conflict($"Order {orderId} is {order.Status} and cannot be cancelled any more."),
            _ => TypedResults.Accepted($"/orders/{orderId}", order.ToResponse()),
        };
    }
}
