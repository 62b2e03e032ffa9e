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
/// One save empties the cart, fixes the order's id and event and keeps the checkout; 200 is answered when the broker has the event.
/// One cart gives one order: the same Idempotency-Key within a day, and a second click within seconds, get the first answer.
/// </summary>
public static partial class CheckOut
{
    public static async Task<Results<Ok<CheckOutResponse>, ProblemHttpResult>> Handle(
        [FromRoute(Name = "user_id")] string userId, [FromHeader(Name = "Idempotency-Key")] string? key, CheckOutRequest? request,
        CartStore carts, Checkouts checkouts, CartMetrics metrics, TimeProvider clock, ILogger<CartStore> log, CancellationToken ct)
    {
        var token = request?.PaymentToken;
        if (Check.First(key is null ? null : Check.Id("Idempotency-Key", key), token is null ? null : Check.OneOf("payment_token", token, PaymentTokens.All)) is { } fault)
            return Problems.Refused(fault + ".");
        var (decision, toldOf) = await carts.Change(userId, Find, Decide, ct);
        if (decision is { IsNew: true, Checkout: { } made })
        {
            metrics.CheckedOut.Add(1);
            // The checkout's event begins the order's story: its id is the correlation id of all that follows.
            using var scope = log.BeginScope(new Dictionary<string, object> { ["CorrelationId"] = made.EventId });
            LogCheckedOut(log, made.OrderId);
        }
        if (decision.Checkout is not { } checkout)
            return decision.Refusal!;
        return decision.IsRemembered || await toldOf
            ? TypedResults.Ok(new CheckOutResponse("Checkout initiated", checkout.OrderId, CartResponse.Of(userId, checkout.Items)))
            : Kept(checkout, key);

        // After the cart was read, and in the cart as it was read: a checkout is in there until its key is remembered, so it cannot slip through.
        async Task<(Checkout? Made, bool IsRemembered)> Find(Cart cart)
        {
            var remembered = key is null ? null : await checkouts.Find(userId, key, CancellationToken.None);
            return (remembered ?? cart.CheckoutOf(key), remembered is not null);
        }

        (Cart?, Decision) Decide(Cart cart, (Checkout? Made, bool IsRemembered) found)
        {
            if (found.Made is { } same)
                return (null, same.PaymentToken == token ? new(same, IsRemembered: found.IsRemembered) : OtherToken);
            if (cart.Repeated(token, clock.GetUtcNow()) is { } clicked)
                return (key is null ? null : cart.Keeping(clicked with { IdempotencyKey = key }), new(clicked));
            if (cart.Items.Count == 0)
                return (null, EmptyCart);
            var orderId = Ids.NewOrder();
            OrderLine[] lines = [.. cart.Items.Select(i => new OrderLine(i.ProductId, i.Quantity, i.Price, i.ItemTotal))];
            var initiated = carts.Fix(new CheckoutInitiated(orderId, userId, lines, lines.Sum(line => line.ItemTotal), token));
            var made = new Checkout(orderId, initiated.Id, key, cart.Items, token, clock.GetUtcNow());
            return (cart.CheckOut(made).Saying(initiated), new(made, IsNew: true));
        }
    }

    static Decision EmptyCart => new(null, Refusal: Problems.Bad("The cart is empty."));

    static Decision OtherToken => new(null, Refusal: Problems.Refused("This Idempotency-Key belongs to a checkout with another payment_token."));

    static ProblemHttpResult Kept(Checkout made, string? key) => TypedResults.Problem(
        $"The message broker does not answer right now. The checkout is kept and becomes order {made.OrderId} by itself. "
        + (key is null ? $"GET /orders/{made.OrderId} shows it then." : "Ask again with the same Idempotency-Key to hear when it has."),
        statusCode: StatusCodes.Status503ServiceUnavailable, extensions: new Dictionary<string, object?> { ["order_id"] = made.OrderId });

    sealed record Decision(Checkout? Checkout, bool IsNew = false, bool IsRemembered = false, ProblemHttpResult? Refusal = null);

    [LoggerMessage(LogLevel.Information, "Order {OrderId} checked out")]
    static partial void LogCheckedOut(ILogger log, string orderId);
}

/// <summary>What cart-service counts.</summary>
public sealed class CartMetrics(Metrics metrics)
{
    public Counter<long> CheckedOut { get; } = metrics.FromZero("ecom_checkouts", "Carts checked out");
}
