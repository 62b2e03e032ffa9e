using System.Linq.Expressions;
using System.Security.Claims;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Payments;

public sealed record PaymentResponse(string PaymentId, string OrderId, string UserId, decimal Amount, string Currency, string Method, string Status, string? Reason, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

public static class ReadPayments
{
    public static Task<Results<Ok<PaymentResponse>, ProblemHttpResult>> One([FromRoute(Name = "payment_id")] string paymentId, ClaimsPrincipal caller, PaymentDb db, CancellationToken ct) =>
        Find(db.PaymentsFor(caller), p => p.PaymentId == paymentId, $"There is no payment {paymentId}.", ct);

    public static Task<Results<Ok<PaymentResponse>, ProblemHttpResult>> OfOrder([FromRoute(Name = "order_id")] string orderId, ClaimsPrincipal caller, PaymentDb db, CancellationToken ct) =>
        Find(db.PaymentsFor(caller), p => p.OrderId == orderId, $"There is no payment of an order {orderId}.", ct);

    static async Task<Results<Ok<PaymentResponse>, ProblemHttpResult>> Find(IQueryable<Payment> payments, Expression<Func<Payment, bool>> which, string otherwise, CancellationToken ct) =>
        await payments.AsNoTracking().SingleOrDefaultAsync(which, ct) is { } p
            ? TypedResults.Ok(new PaymentResponse(p.PaymentId, p.OrderId, p.UserId, p.Amount, p.Currency, p.Method, p.Status.ToString(), p.Reason, p.CreatedAt, p.UpdatedAt))
            : Problems.NotFound(otherwise);
}
