using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Inventory;

/// <summary>A cancelled order gives its stock back, or will never get any when the question for it comes later.</summary>
public static partial class ReleaseStock
{
    public static async Task<Outcome> Handle(CloudEvent<OrderCancelled> e, InventoryDb db, TimeProvider clock, ILogger<OrderReservation> log, CancellationToken ct)
    {
        var (orderId, now) = (e.Data.OrderId, clock.GetUtcNow());
        var reservation = await db.Reservation(orderId, ct);
        if (reservation is null)
            db.Reservations.Add(reservation = OrderReservation.Never(orderId, now));
        else if (reservation.Release(now))
        {
            var products = (await db.Held(reservation.Lines.Select(line => line.ProductId), ct)).ToDictionary(product => product.ProductId);
            foreach (var line in reservation.Lines)
                products[line.ProductId].GiveBack(line.Quantity);
        }
        // Before its payment nothing was asked for, and who cancels because of our answer has heard it: nobody waits for a word from here.
        if (e.Data.CancellationSource is not (CancellationSources.PaymentFailed or CancellationSources.InventoryDepleted))
            db.Announce(reservation, Trail.Of(e));
        LogReleased(log, orderId, reservation.Status);
        return Outcome.Done;
    }

    [LoggerMessage(LogLevel.Information, "Stock of cancelled order {OrderId}: {Status}")]
    static partial void LogReleased(ILogger log, string orderId, ReservationStatus status);
}
