using System.Diagnostics;
using System.Diagnostics.Metrics;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Ecom.Carts;

/// <summary>A token forces the payment's outcome, as payment sandboxes do.</summary>
public sealed record CheckOutRequest(string? PaymentToken = null);

public sealed record CheckOutResponse(string Message, string OrderId, CartResponse Cart);

/// <summary>
/// One save empties the cart, fixes the order's id and event and remembers the checkout; the answer is given when the broker has the event.
/// One cart gives one order: a repetition with the same Idempotency-Key, and a checkout that was under way at the same time, get the same answer.
/// </summary>
public static partial class CheckOut
{
    static readonly Counter<long> Checkouts = Metrics.Meter.CreateCounter<long>("ecom_checkouts", description: "Carts checked out");

    public static async Task<Results<Ok<CheckOutResponse>, ProblemHttpResult>> Handle(
        [FromRoute(Name = "user_id")] string userId, [FromHeader(Name = "Idempotency-Key")] string? key, CheckOutRequest? request,
        CartStore carts, Published published, ILogger<CartStore> log, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        var token = request?.PaymentToken;
        if (Check.First(key is null ? null : Check.Id("Idempotency-Key", key), token is null ? null : Check.OneOf("payment_token", token, PaymentTokens.All)) is { } fault)
            return Problems.Refused(fault + ".");
        Checkout? made = null;
        var answer = await carts.Change<Results<Ok<CheckOutResponse>, ProblemHttpResult>>(userId, cart =>
        {
            made = null;
            if (cart.CheckoutOf(key) is { } same)
                return (null, Answer(userId, same));
            if (cart.Items.Count == 0)
                return (null, cart.Checkouts is [.., var last] && published.AfterStartOf(started, last.EventId)
                    ? Answer(userId, last)
                    : Problems.Bad("The cart is empty."));
            var orderId = Ids.NewOrder();
            var lines = cart.Items.ToOrderLines();
            var initiated = carts.Fix(new CheckoutInitiated(orderId, userId, lines, lines.Sum(line => line.ItemTotal), token));
            made = new(orderId, initiated.Id, key, cart.Items);
            return (cart.CheckOut(made).Saying(initiated), Answer(userId, made));
        }, ct, untilPublished: true);
        if (made is not null)
        {
            Checkouts.Add(1);
            // The checkout's event begins the order's story: its id is the correlation id of all that follows.
            using var scope = log.BeginScope(new Dictionary<string, object> { ["CorrelationId"] = made.EventId });
            LogCheckedOut(log, made.OrderId, userId);
        }
        return answer;
    }

    static Ok<CheckOutResponse> Answer(string userId, Checkout made) =>
        TypedResults.Ok(new CheckOutResponse("Checkout initiated", made.OrderId, ReadCart.ToResponse(userId, made.Items)));

    [LoggerMessage(LogLevel.Information, "Order {OrderId} checked out by {UserId}")]
    static partial void LogCheckedOut(ILogger log, string orderId, string userId);
}
