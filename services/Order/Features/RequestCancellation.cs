using System.Security.Claims;
using Ecom.Hosting;
using Ecom.Orders.Saga;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>The customer's wish is recorded and told to the saga, which alone decides; a wish that comes after the end is refused.</summary>
public static class RequestCancellation
{
    public static async Task<Results<Accepted<OrderResponse>, ProblemHttpResult>> Handle(
        [FromRoute(Name = "order_id")] string orderId, ClaimsPrincipal caller, OrderDb db, OrderWatch watch, TellSaga saga, TimeProvider clock, CancellationToken ct)
    {
        var (order, refusal) = await watch.Await(orderId, () => db.OrdersFor(caller).AsNoTracking().SingleOrDefaultAsync(o => o.OrderId == orderId, ct), ct);
        if (refusal is not null)
            return refusal;
        var accepted = await db.InTransaction(async () =>
        {
            order = await db.Held(orderId, ct);
            if (!order!.RequestCancellation(clock.GetUtcNow()))
                return false;
            saga.Hear(db, order, new(OrderFact.CancelRequested, null));
            return true;
        }, ct);
        return accepted
            ? TypedResults.Accepted($"/orders/{orderId}", order!.ToResponse())
            : Problems.Conflict($"Order {orderId} is {order!.Status} and cannot be cancelled any more.");
    }
}
