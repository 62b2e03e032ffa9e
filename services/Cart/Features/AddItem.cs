using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Ecom.Carts;

/// <summary>What a customer puts in. A price is only compared with the catalogue's: it says what the customer was shown.</summary>
public sealed record AddItemRequest(string ProductId, int Quantity, decimal? Price = null);

public static class AddItem
{
    public static async Task<Results<Created<CartResponse>, ProblemHttpResult>> Handle(
        [FromRoute(Name = "user_id")] string userId, AddItemRequest request, CartStore carts, Catalogue catalogue, CancellationToken ct)
    {
        if (Check.First(
            Check.Id("product_id", request.ProductId),
            Check.Quantity("quantity", request.Quantity),
            request.Price is { } shown ? Check.Money("price", shown) : null) is { } fault)
            return Problems.Refused(fault + ".");
        if (await catalogue.Find(request.ProductId, ct) is not { } product)
            return Problems.NotFound($"There is no product {request.ProductId}.");
        if (request.Price is { } price && price != product.Price)
            return TypedResults.Problem(FormattableString.Invariant($"{product.ProductId} costs {product.Price}, not {price}."),
                statusCode: StatusCodes.Status409Conflict, extensions: new Dictionary<string, object?> { ["price"] = product.Price });

        var line = new CartLine(product.ProductId, product.Name, request.Quantity, product.Price);
        var added = carts.Fix(new CartItemAdded(userId, line.ProductId, line.Quantity, line.Price));
        var changed = await carts.Change<Results<Created<CartResponse>, ProblemHttpResult>>(userId, cart => cart.Add(line) switch
        {
            ({ } next, _) => (next.Saying(added), TypedResults.Created($"/cart/{userId}", CartResponse.Of(next, "Item added to cart"))),
            var (_, tooMany) => (null, Problems.Refused(tooMany!)),
        }, ct);
        return changed.Answer;
    }
}
