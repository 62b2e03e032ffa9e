namespace Ecom.Inventory;

/// <summary>Stock settings: units of each product at seeding, and the level below which the admin is told.</summary>
public sealed record StockOptions(int Initial, int LowThreshold);

/// <summary>
/// A product and its units. Always: <c>Stock + Reserved = InitialStock + Restocked</c>, where the units of fulfilled orders stay in Reserved.
/// The numbers are changed while the row is held against every other writer, and the version guards them once more (ADR 0008).
/// </summary>
public sealed class Product
{
    public string ProductId { get; init; } = "";
    public string Name { get; init; } = "";
    public decimal Price { get; init; }
    public int Stock { get; private set; }
    public int Reserved { get; private set; }
    public int InitialStock { get; init; }
    public int Restocked { get; private set; }

    /// <summary>Counts the changes of the numbers.</summary>
    public int Version { get; private set; }

    public void Take(int quantity) => (Stock, Reserved, Version) = (Stock - quantity, Reserved + quantity, Version + 1);

    public void GiveBack(int quantity) => (Stock, Reserved, Version) = (Stock + quantity, Reserved - quantity, Version + 1);

    /// <returns>False: more cannot be counted.</returns>
    public bool Restock(int quantity)
    {
        if (Restocked > int.MaxValue / 2)
            return false;
        (Stock, Restocked, Version) = (Stock + quantity, Restocked + quantity, Version + 1);
        return true;
    }

    public static Product Seeded(string productId, string name, decimal price, int stock) => new() { ProductId = productId, Name = name, Price = price, Stock = stock, InitialStock = stock };
}

/// <summary>A restock with an Idempotency-Key, and the stock that it led to: its repetition gets the same answer.</summary>
public sealed class Restock
{
    public string ProductId { get; private init; } = "";
    public string IdempotencyKey { get; private init; } = "";
    public int Quantity { get; private init; }
    public int Stock { get; private init; }
    public int Reserved { get; private init; }
    public int Restocked { get; private init; }
    public DateTimeOffset At { get; private init; }

    public static Restock Of(Product product, string key, int quantity, DateTimeOffset at) => new()
    {
        ProductId = product.ProductId,
        IdempotencyKey = key,
        Quantity = quantity,
        Stock = product.Stock,
        Reserved = product.Reserved,
        Restocked = product.Restocked,
        At = at,
    };
}

/// <summary>RESERVED: all lines are held. REFUSED: there was too little. RELEASED: held, then given back. CANCELLED: cancelled before it was asked for.</summary>
public enum ReservationStatus { RESERVED, REFUSED, RELEASED, CANCELLED }

/// <summary>What inventory decided about an order, one row an order: whoever writes it first, the question or the cancellation, is found by the other.</summary>
public sealed class OrderReservation
{
    public string OrderId { get; init; } = "";
    public ReservationStatus Status { get; private set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; private set; }
    public int Version { get; private set; }
    public List<StockReservation> Lines { get; init; } = [];

    /// <summary>Where it was refused: what there was too little of.</summary>
    public string? LackingProductId { get; init; }
    public int? Requested { get; init; }
    public int? Available { get; init; }

    public static OrderReservation Held(string orderId, IEnumerable<(string ProductId, int Quantity)> lines, DateTimeOffset now) => new()
    {
        OrderId = orderId,
        Status = ReservationStatus.RESERVED,
        CreatedAt = now,
        UpdatedAt = now,
        Lines = [.. lines.Select(line => StockReservation.Of(line.ProductId, line.Quantity))],
    };

    public static OrderReservation Refused(string orderId, string productId, int requested, int available, DateTimeOffset now) => new()
    {
        OrderId = orderId,
        Status = ReservationStatus.REFUSED,
        CreatedAt = now,
        UpdatedAt = now,
        LackingProductId = productId,
        Requested = requested,
        Available = available,
    };

    /// <summary>Cancelled before it was asked for.</summary>
    public static OrderReservation Never(string orderId, DateTimeOffset now) => new() { OrderId = orderId, Status = ReservationStatus.CANCELLED, CreatedAt = now, UpdatedAt = now };

    /// <returns>True when lines were held, which go back now.</returns>
    public bool Release(DateTimeOffset now)
    {
        if (Status is not ReservationStatus.RESERVED)
            return false;
        (Status, UpdatedAt, Version) = (ReservationStatus.RELEASED, now, Version + 1);
        Lines.ForEach(line => line.Release());
        return true;
    }
}

/// <summary>A line held for an order.</summary>
public sealed class StockReservation
{
    public string OrderId { get; init; } = "";
    public string ProductId { get; private init; } = "";
    public int Quantity { get; private init; }
    public ReservationStatus Status { get; private set; }

    public static StockReservation Of(string productId, int quantity) => new() { ProductId = productId, Quantity = quantity, Status = ReservationStatus.RESERVED };

    public void Release() => Status = ReservationStatus.RELEASED;
}
