using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Ecom.Carts;

public sealed record ChangeQuantityRequest(int Quantity);

/// <summary>Sets the quantity of a product that is in the cart; 0 takes it out. More of it is an addition to those who listen; less is no fact of its own.</summary>
public static class ChangeQuantity
{
    public static async Task<Results<Ok<CartResponse>, ProblemHttpResult>> Handle(
        [FromRoute(Name = "user_id")] string userId, [FromRoute(Name = "product_id")] string productId, ChangeQuantityRequest request, CartStore carts, CancellationToken ct)
    {
        if (request.Quantity == 0)
            return await RemoveItem.Handle(userId, productId, carts, ct);
        if (Check.Quantity("quantity", request.Quantity) is { } fault)
            return Problems.Refused(fault + ", or 0 to remove the product.");
        return await carts.Change<Results<Ok<CartResponse>, ProblemHttpResult>>(userId, cart =>
        {
            if (cart.Line(productId) is not { } line)
                return (null, RemoveItem.NotThere(productId));
            var next = cart.Set(line with { Quantity = request.Quantity });
            var more = request.Quantity - line.Quantity;
            return (more > 0 ? next.Saying(carts.Fix(new CartItemAdded(userId, productId, more, line.Price))) : next.Saying(), TypedResults.Ok(next.ToResponse("Cart updated")));
        }, ct);
    }
}
