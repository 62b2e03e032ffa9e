using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Inventory;

/// <summary>Holds all lines of a paid order, or none. The products' rows are held meanwhile, so two orders for the last unit cannot both have it.</summary>
public static partial class ReserveStock
{
    public static async Task<Outcome> Handle(CloudEvent<OrderConfirmed> e, InventoryDb db, StockOptions options, TimeProvider clock, ILogger<OrderReservation> log, CancellationToken ct)
    {
        var (orderId, _, items) = e.Data;
        if (await db.Reservation(orderId, ct) is { } decided)
        {
            db.Announce(decided, Trail.Of(e));
            return Outcome.Done;
        }
        var wanted = items.GroupBy(item => item.ProductId).Select(lines => (ProductId: lines.Key, Quantity: lines.Sum(line => line.Quantity))).ToList();
        var products = (await db.Held(wanted.Select(line => line.ProductId), ct)).ToDictionary(product => product.ProductId);
        if (wanted.Find(line => !products.ContainsKey(line.ProductId)).ProductId is { } unknown)
            return Outcome.Never($"there is no product {unknown}");

        var now = clock.GetUtcNow();
        var lacking = wanted.Find(line => products[line.ProductId].Stock < line.Quantity);
        var reservation = lacking.ProductId is null
            ? OrderReservation.Held(orderId, wanted, now)
            : OrderReservation.Refused(orderId, lacking.ProductId, lacking.Quantity, products[lacking.ProductId].Stock, now);
        db.Reservations.Add(reservation);
        db.Announce(reservation, Trail.Of(e));
        foreach (var line in reservation.Lines)
            Take(db, products[line.ProductId], line.Quantity, options.LowThreshold, Trail.Of(e));
        LogDecided(log, orderId, reservation.Status, lacking.ProductId);
        return Outcome.Done;
    }

    static void Take(InventoryDb db, Product product, int quantity, int threshold, Trail trail)
    {
        product.Take(quantity);
        if (product.Stock < threshold && product.Stock + quantity >= threshold)
            db.Publish(new InventoryLow(product.ProductId, product.Stock, threshold), trail);
    }

    [LoggerMessage(LogLevel.Information, "Stock of order {OrderId}: {Status} {LackingProductId}")]
    static partial void LogDecided(ILogger log, string orderId, ReservationStatus status, string? lackingProductId);
}
