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

/// <summary>A checkout that was made, kept so that its repetition gets the same answer.</summary>
public sealed record Checkout(
    string OrderId, string EventId, string? IdempotencyKey, IReadOnlyList<CartLine> Items, string? PaymentToken = null, DateTimeOffset At = default)
{
    /// <summary>A click within this time of the first, without anything new in the cart, is the same click.</summary>
    public static readonly TimeSpan SecondClick = TimeSpan.FromSeconds(10);

    /// <summary>What names the duty of remembering it, or null: a checkout without a key is not asked for again.</summary>
    [JsonIgnore]
    public string? DutyId => IdempotencyKey is null ? null : $"key:{IdempotencyKey}";
}

/// <summary>A customer's cart: one document, so that its items, its checkouts and its outgoing events change together or not at all.</summary>
/// <param name="Pending">Oldest first; what is known to be out is dropped by the next save.</param>
/// <param name="Checkouts">Oldest first: the last one, and those whose key may not be remembered yet (<see cref="Carts.Checkouts"/>).</param>
public sealed record Cart(string UserId, IReadOnlyList<CartLine> Items, IReadOnlyList<PendingEvent> Pending, IReadOnlyList<Checkout> Checkouts)
{
    public const int MaxLines = 100;

    /// <summary>So many events may wait for a broker that is away.</summary>
    public const int MaxPending = 100;

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

    public (Cart? Next, string? Fault) Remove(string productId) =>
        Line(productId) is null ? (null, NotThere(productId)) : (this with { Items = [.. Items.Where(line => line.ProductId != productId)] }, null);

    /// <summary>Sets the quantity of what is there, and tells how much more of it that is.</summary>
    public (Cart? Next, int More, string? Fault) SetQuantity(string productId, int quantity) =>
        Line(productId) is { } line ? (Set(line with { Quantity = quantity }), quantity - line.Quantity, null) : (null, 0, NotThere(productId));

    public Checkout? CheckoutOf(string? idempotencyKey) => idempotencyKey is null ? null : Checkouts.FirstOrDefault(made => made.IdempotencyKey == idempotencyKey);

    /// <summary>The checkout that this click repeats: it emptied the cart just now.</summary>
    public Checkout? Repeated(string? paymentToken, DateTimeOffset now) =>
        Items.Count == 0 && Checkouts is [.., var last] && last.PaymentToken == paymentToken && now - last.At < Checkout.SecondClick ? last : null;

    public Cart Keeping(Checkout made) => this with { Checkouts = [.. Checkouts, made] };

    /// <summary>Empties the cart into a checkout.</summary>
    public Cart CheckOut(Checkout made) => Keeping(made) with { Items = [] };

    /// <summary>The next save also fixes this event.</summary>
    public Cart Saying(PendingEvent told) => this with { Pending = [.. Pending, told] };

    /// <summary>Without what need not be kept any more: events that are out, checkouts whose key is remembered (but always the last one).</summary>
    public Cart Without(Func<string, bool> done) => this with
    {
        Pending = [.. Pending.Where(e => !done(e.Id))],
        Checkouts = [.. Checkouts.Where((made, i) => i == Checkouts.Count - 1 || (made.DutyId is { } duty && !done(duty)))],
    };

    public bool Tells(string eventId) => Pending.Any(e => e.Id == eventId);

    Cart Set(CartLine line) => this with
    {
        Items = Line(line.ProductId) is null ? [.. Items, line] : [.. Items.Select(old => old.ProductId == line.ProductId ? line : old)],
    };

    static string NotThere(string productId) => $"There is no {productId} in the cart.";
}
