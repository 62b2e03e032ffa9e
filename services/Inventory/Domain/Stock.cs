namespace Ecom.Inventory;

/// <summary>Stock settings: units of each product at seeding, and the level below which the admin is told.</summary>
public sealed record StockOptions(int Initial, int LowThreshold);

/// <summary>
/// A product and its units. Always: <c>Stock + Reserved = InitialStock + Restocked</c>, where the units of fulfilled orders stay in Reserved.
/// The numbers are changed by guarded updates in the database, never from a value that was read (ADR 0008).
/// </summary>
public sealed class Product
{
    public string ProductId { get; init; } = "";
    public string Name { get; init; } = "";
    public decimal Price { get; init; }
    public int Stock { get; init; }
    public int Reserved { get; init; }
    public int InitialStock { get; init; }
    public int Restocked { get; init; }

    /// <summary>Counts the changes of the numbers.</summary>
    public int Version { get; init; }

    public static Product Seeded(string productId, string name, decimal price, int stock) => new() { ProductId = productId, Name = name, Price = price, Stock = stock, InitialStock = stock };
}

/// <summary>RESERVED: all lines are held. REFUSED: there was too little. RELEASED: held, then given back. CANCELLED: cancelled before it was asked for.</summary>
public enum ReservationStatus { RESERVED, REFUSED, RELEASED, CANCELLED }

/// <summary>What inventory decided about an order, one row an order: whoever writes it first, the question or the cancellation, is found by the other.</summary>
public sealed class OrderReservation
{
    public string OrderId { get; init; } = "";
    public ReservationStatus Status { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public int Version { get; set; }
    public List<StockReservation> Lines { get; init; } = [];
}

/// <summary>A line held for an order.</summary>
public sealed class StockReservation
{
    public string OrderId { get; init; } = "";
    public string ProductId { get; init; } = "";
    public int Quantity { get; init; }
    public ReservationStatus Status { get; set; }
}
