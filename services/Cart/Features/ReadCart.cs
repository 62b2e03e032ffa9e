using System.Text.Json.Serialization;
using Ecom.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Ecom.Carts;

public sealed record CartLineResponse(string ProductId, string Name, int Quantity, decimal Price, decimal ItemTotal);

public sealed record CartResponse(string UserId, IReadOnlyList<CartLineResponse> Items, decimal TotalAmount, int ItemCount,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(-1)] string? Message = null);

/// <summary>The cart, or an empty one: who never put anything in has a cart all the same.</summary>
public static class ReadCart
{
    public static async Task<Ok<CartResponse>> Handle([FromRoute(Name = "user_id")] string userId, CartStore carts, CancellationToken ct) =>
        TypedResults.Ok((await carts.Read(userId, ct)).ToResponse());

    public static CartResponse ToResponse(this Cart cart, string? message = null) => ToResponse(cart.UserId, cart.Items, message);

    public static CartResponse ToResponse(string userId, IReadOnlyList<CartLine> items, string? message = null) =>
        new(userId, [.. items.Select(i => new CartLineResponse(i.ProductId, i.Name, i.Quantity, i.Price, i.ItemTotal))], items.Sum(i => i.ItemTotal), items.Sum(i => i.Quantity), message);

    public static IReadOnlyList<OrderLine> ToOrderLines(this IReadOnlyList<CartLine> items) => [.. items.Select(i => new OrderLine(i.ProductId, i.Quantity, i.Price, i.ItemTotal))];
}
