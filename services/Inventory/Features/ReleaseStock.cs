using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Inventory;

/// <summary>A cancelled order gives its stock back, or will never get any when the question for it comes later.</summary>
public static class ReleaseStock
{
    public static async Task<Outcome> Handle(CloudEvent<OrderCancelled> e, InventoryDb db, IServiceProvider services, CancellationToken ct)
    {
        var orderId = e.Data.OrderId;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var reservation = await db.Reservations.Include(r => r.Lines).SingleOrDefaultAsync(r => r.OrderId == orderId, ct);
        if (reservation is null)
            db.Reservations.Add(reservation = new() { OrderId = orderId, Status = ReservationStatus.CANCELLED, CreatedAt = now, UpdatedAt = now });
        else if (reservation.Status is ReservationStatus.RESERVED)
        {
            (reservation.Status, reservation.UpdatedAt, reservation.Version) = (ReservationStatus.RELEASED, now, reservation.Version + 1);
            foreach (var line in reservation.Lines.OrderBy(l => l.ProductId, StringComparer.Ordinal))
            {
                line.Status = ReservationStatus.RELEASED;
                await db.Products.Where(p => p.ProductId == line.ProductId).ExecuteUpdateAsync(set => set
                    .SetProperty(p => p.Stock, p => p.Stock + line.Quantity)
                    .SetProperty(p => p.Reserved, p => p.Reserved - line.Quantity)
                    .SetProperty(p => p.Version, p => p.Version + 1), ct);
            }
            db.Publish(new InventoryReleased(orderId, [.. reservation.Lines.Select(l => new StockLine(l.ProductId, l.Quantity))]), Trail.Of(e));
        }
        ReserveStock.LogDecided(services.GetRequiredService<ILogger<OrderReservation>>(), orderId, reservation.Status, null);
        return Outcome.Done;
    }
}
