using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Inventory;

/// <summary>Holds all lines of a paid order, or none. Each line is one guarded update, so two orders for the last unit cannot both have it.</summary>
public static partial class ReserveStock
{
    public static async Task<Outcome> Handle(CloudEvent<OrderConfirmed> e, InventoryDb db, IServiceProvider services, CancellationToken ct)
    {
        var (orderId, _, items) = e.Data;
        if (await db.Reservations.AnyAsync(r => r.OrderId == orderId, ct))
            return Outcome.Done;
        // One order of rows for everybody: two orders with the same products cannot wait for each other in a ring.
        StockLine[] wanted = [.. items.GroupBy(i => i.ProductId).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new StockLine(g.Key, g.Sum(i => i.Quantity)))];
        string[] ids = [.. wanted.Select(line => line.ProductId)];
        var before = await db.Products.AsNoTracking().Where(p => ids.Contains(p.ProductId)).ToDictionaryAsync(p => p.ProductId, p => p.Stock, ct);
        if (ids.FirstOrDefault(id => !before.ContainsKey(id)) is { } unknown)
            return Outcome.Never($"there is no product {unknown}");

        var options = services.GetRequiredService<StockOptions>();
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var reservation = new OrderReservation { OrderId = orderId, Status = ReservationStatus.RESERVED, CreatedAt = now, UpdatedAt = now };
        db.Reservations.Add(reservation);
        const string allOrNone = "all_or_none";
        await db.Database.CurrentTransaction!.CreateSavepointAsync(allOrNone, ct);
        StockLine? lacking = null;
        foreach (var line in wanted)
            if (await db.Take(line, ct) == 0)
            {
                lacking = line;
                break;
            }

        if (lacking is null)
        {
            reservation.Lines.AddRange(wanted.Select(l => new StockReservation { ProductId = l.ProductId, Quantity = l.Quantity, Status = ReservationStatus.RESERVED }));
            db.Publish(new InventoryReserved(orderId, wanted), Trail.Of(e));
            await db.WarnWhereLow(wanted, options.LowThreshold, Trail.Of(e), ct);
        }
        else
        {
            await db.Database.CurrentTransaction!.RollbackToSavepointAsync(allOrNone, ct);
            reservation.Status = ReservationStatus.REFUSED;
            db.Publish(new InventoryDepleted(orderId, lacking.ProductId, lacking.Quantity, before[lacking.ProductId]), Trail.Of(e));
        }
        LogDecided(services.GetRequiredService<ILogger<OrderReservation>>(), orderId, reservation.Status, lacking?.ProductId);
        return Outcome.Done;
    }

    static Task<int> Take(this InventoryDb db, StockLine line, CancellationToken ct) =>
        db.Products.Where(p => p.ProductId == line.ProductId && p.Stock >= line.Quantity).ExecuteUpdateAsync(set => set
            .SetProperty(p => p.Stock, p => p.Stock - line.Quantity)
            .SetProperty(p => p.Reserved, p => p.Reserved + line.Quantity)
            .SetProperty(p => p.Version, p => p.Version + 1), ct);

    /// <summary>The rows are held by this transaction, so what is read now is what was left by its own update.</summary>
    static async Task WarnWhereLow(this InventoryDb db, IReadOnlyList<StockLine> taken, int threshold, Trail trail, CancellationToken ct)
    {
        string[] ids = [.. taken.Select(line => line.ProductId)];
        var left = await db.Products.AsNoTracking().Where(p => ids.Contains(p.ProductId) && p.Stock < threshold).Select(p => new { p.ProductId, p.Stock }).ToListAsync(ct);
        foreach (var product in left.Where(p => p.Stock + taken.Single(line => line.ProductId == p.ProductId).Quantity >= threshold))
            db.Publish(new InventoryLow(product.ProductId, product.Stock, threshold), trail);
    }

    [LoggerMessage(LogLevel.Information, "Stock of order {OrderId}: {Status} {LackingProductId}")]
    internal static partial void LogDecided(ILogger log, string orderId, ReservationStatus status, string? lackingProductId);
}
