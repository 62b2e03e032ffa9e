using System.Security.Claims;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

public sealed record OrderResponse(string OrderId, string UserId, string Status, IReadOnlyList<OrderLine> Items, decimal TotalAmount, string CorrelationId, string? PaymentId,
    decimal? RefundedAmount, string? CancelReason, string? CancellationSource, bool CancelRequested, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? ClosedAt);

public sealed record OrderPage(IReadOnlyList<OrderResponse> Orders, int TotalOrders, int Limit, int Offset);

public static class ReadOrders
{
    public static async Task<Results<Ok<OrderResponse>, ProblemHttpResult>> One([FromRoute(Name = "order_id")] string orderId, ClaimsPrincipal caller, OrderDb db, OrderWatch watch, CancellationToken ct)
    {
        var (order, refusal) = await watch.Await(orderId, () => db.OrdersFor(caller).AsNoTracking().Include(o => o.Items).SingleOrDefaultAsync(o => o.OrderId == orderId, ct), ct);
        return refusal is not null ? refusal : TypedResults.Ok(order!.ToResponse());
    }

    public static async Task<Results<Ok<OrderPage>, ProblemHttpResult>> OfUser([FromRoute(Name = "user_id")] string userId, OrderDb db, CancellationToken ct, int limit = 20, int offset = 0)
    {
        if (limit is < 1 or > 100 || offset < 0)
            return Problems.Refused("limit must be 1 to 100, offset 0 or more.");
        var orders = db.Orders.AsNoTracking().Where(o => o.UserId == userId);
        var page = await orders.Include(o => o.Items).OrderByDescending(o => o.CreatedAt).ThenByDescending(o => o.OrderId).Skip(offset).Take(limit).ToListAsync(ct);
        return TypedResults.Ok(new OrderPage([.. page.Select(ToResponse)], await orders.CountAsync(ct), limit, offset));
    }

    public static OrderResponse ToResponse(this Order o) => new(o.OrderId, o.UserId, o.Status.ToString(), o.Lines(), o.TotalAmount, o.CorrelationId, o.PaymentId,
        o.RefundedAmount, o.CancelReason, o.CancellationSource, o.CancelRequestedAt is not null, o.CreatedAt, o.UpdatedAt, o.ClosedAt);
}
