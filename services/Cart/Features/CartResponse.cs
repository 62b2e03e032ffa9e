using System.Text.Json.Serialization;

namespace Ecom.Carts;

public sealed record CartLineResponse(string ProductId, string Name, int Quantity, decimal Price, decimal ItemTotal);

public sealed record CartResponse(string UserId, IReadOnlyList<CartLineResponse> Items, decimal TotalAmount, int ItemCount,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(-1)] string? Message = null)
{
    public static CartResponse Of(Cart cart, string? message = null) => Of(cart.UserId, cart.Items, message);

    public static CartResponse Of(string userId, IReadOnlyList<CartLine> items, string? message = null) =>
        new(userId, [.. items.Select(i => new CartLineResponse(i.ProductId, i.Name, i.Quantity, i.Price, i.ItemTotal))],
            items.Sum(i => i.ItemTotal), items.Sum(i => i.Quantity), message);
}
