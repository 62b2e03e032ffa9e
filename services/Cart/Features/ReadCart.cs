using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Ecom.Carts;

/// <summary>The cart, or an empty one: who never put anything in has a cart all the same. Reading changes nothing and sends nothing.</summary>
public static class ReadCart
{
    public static async Task<Ok<CartResponse>> Handle([FromRoute(Name = "user_id")] string userId, CartStore carts, CancellationToken ct) =>
        TypedResults.Ok(CartResponse.Of(await carts.Read(userId, ct)));
}
