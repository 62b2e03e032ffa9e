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
        var changed = await carts.Change<Results<Ok<CartResponse>, ProblemHttpResult>>(userId, cart => cart.Remove(productId) switch
        {
            ({ } next, _) => (next.Saying(removed), TypedResults.Ok(CartResponse.Of(next, "Item removed from cart"))),
            var (_, notThere) => (null, Problems.NotFound(notThere!)),
        }, ct);
        return changed.Answer;
    }
}
