using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Inventory;

/// <summary>What inventory-service says of an order's stock: the same fact with the same id, however often it is asked.</summary>
static class Announcements
{
    public static void Announce(this InventoryDb db, OrderReservation r, Trail trail)
    {
        switch (r.Status)
        {
            case ReservationStatus.RESERVED:
                db.Publish(new InventoryReserved(r.OrderId, r.Units()), trail, r.CreatedAt);
                break;
            case ReservationStatus.REFUSED:
                db.Publish(new InventoryDepleted(r.OrderId, r.LackingProductId!, r.Requested!.Value, r.Available!.Value), trail, r.CreatedAt);
                break;
            case ReservationStatus.RELEASED or ReservationStatus.CANCELLED:
                db.Publish(new InventoryReleased(r.OrderId, r.Units()), trail, r.UpdatedAt);
                break;
        }
    }

    static IReadOnlyList<StockLine> Units(this OrderReservation r) => [.. r.Lines.Select(line => new StockLine(line.ProductId, line.Quantity))];
}
