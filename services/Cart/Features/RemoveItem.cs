using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Ecom.Carts;

public static class RemoveItem
{
    public static async Task<Results<Ok<CartResponse>, ProblemHttpResult>> Handle(
        [FromRoute(Name = "user_id")] string userId, [FromRoute(Name = "product_id")] string productId, CartStore carts, CancellationToken ct)
    {
        var removed = carts.Fix(new CartItemRemoved(userId, productId));
        return await carts.Change<Results<Ok<CartResponse>, ProblemHttpResult>>(userId, cart =>
            cart.Line(productId) is null
                ? (null, NotThere(productId))
                : (cart.Remove(productId).Saying(removed), TypedResults.Ok(cart.Remove(productId).ToResponse("Item removed from cart"))), ct);
    }

    public static ProblemHttpResult NotThere(string productId) => Problems.NotFound($"There is no {productId} in the cart.");
}
