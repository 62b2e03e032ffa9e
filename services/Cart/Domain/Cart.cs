using System.Text.Json;
using System.Text.Json.Serialization;
using Ecom.Contracts;

namespace Ecom.Carts;

/// <summary>A product in a cart, at the catalogue's price when it was put in last.</summary>
public sealed record CartLine(string ProductId, string Name, int Quantity, decimal Price)
{
    [JsonIgnore]
    public decimal ItemTotal => Quantity * Price;
}

/// <summary>An event that was fixed, id and all, by the very save that changed the cart, and that may not be out yet.</summary>
public sealed record PendingEvent(string Id, string Topic, JsonElement Envelope);

/// <summary>A checkout that was made, remembered so that its repetition gets the same answer.</summary>
public sealed record Checkout(string OrderId, string EventId, string? IdempotencyKey, IReadOnlyList<CartLine> Items);

/// <summary>A customer's cart: one document, so that its items, its checkout and its outgoing event change together or not at all.</summary>
public sealed record Cart(string UserId, IReadOnlyList<CartLine> Items, IReadOnlyList<PendingEvent> Pending, IReadOnlyList<Checkout> Checkouts)
{
    public const int MaxLines = 100;
    const int RememberedCheckouts = 5;

    public static Cart Empty(string userId) => new(userId, [], [], []);

    public CartLine? Line(string productId) => Items.FirstOrDefault(line => line.ProductId == productId);

    /// <summary>Adds to what is there. What is wrong with the sum is said in plain words.</summary>
    public (Cart? Next, string? Fault) Add(CartLine added)
    {
        var quantity = (Line(added.ProductId)?.Quantity ?? 0) + added.Quantity;
        if (quantity > Check.MaxQuantity)
            return (null, $"The cart would hold {quantity} of {added.ProductId}; {Check.MaxQuantity} is the most.");
        if (Line(added.ProductId) is null && Items.Count == MaxLines)
            return (null, $"The cart holds {MaxLines} different products already; that is the most.");
        return (Set(added with { Quantity = quantity }), null);
    }

    public Cart Set(CartLine line) => this with
    {
        Items = Line(line.ProductId) is null ? [.. Items, line] : [.. Items.Select(old => old.ProductId == line.ProductId ? line : old)],
    };

    public Cart Remove(string productId) => this with { Items = [.. Items.Where(line => line.ProductId != productId)] };

    public Checkout? CheckoutOf(string? idempotencyKey) => idempotencyKey is null ? null : Checkouts.FirstOrDefault(made => made.IdempotencyKey == idempotencyKey);

    /// <summary>Empties the cart into a checkout.</summary>
    public Cart CheckOut(Checkout made) => this with { Items = [], Checkouts = [.. Checkouts.TakeLast(RememberedCheckouts - 1), made] };

    /// <summary>The next save also fixes this event. What was pending before is out by then (<see cref="CartStore.Change"/>).</summary>
    public Cart Saying(params IReadOnlyList<PendingEvent> events) => this with { Pending = events };
}
