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
        if (request.Quantity != 0 && Check.Quantity("quantity", request.Quantity) is { } fault)
            return Problems.Refused(fault + ", or 0 to remove the product.");
        var changed = await carts.Change<Results<Ok<CartResponse>, ProblemHttpResult>>(userId, cart =>
        {
            var (next, notThere) = request.Quantity == 0 ? Without(cart) : With(cart);
            if (next is null)
                return (null, Problems.NotFound(notThere!));
            return (next, TypedResults.Ok(CartResponse.Of(next, request.Quantity == 0 ? "Item removed from cart" : "Cart updated")));
        }, ct);
        return changed.Answer;

        (Cart?, string?) Without(Cart cart)
        {
            var (next, notThere) = cart.Remove(productId);
            return (next?.Saying(carts.Fix(new CartItemRemoved(userId, productId))), notThere);
        }

        (Cart?, string?) With(Cart cart)
        {
            var (next, more, notThere) = cart.SetQuantity(productId, request.Quantity);
            return (more > 0 ? next!.Saying(carts.Fix(new CartItemAdded(userId, productId, more, cart.Line(productId)!.Price))) : next, notThere);
        }
    }
}
