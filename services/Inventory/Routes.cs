using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Inventory;

public static class Routes
{
    public static void MapInventory(this WebApplication app)
    {
        var products = app.MapApi("/products").WithTags("Products");
        products.MapGet("", ReadProducts.Page);
        products.MapGet("/{product_id}", ReadProducts.One);
        products.MapPost("/{product_id}/restock", RestockProduct.Handle);

        app.MapTopic<OrderConfirmed, InventoryDb>(ReserveStock.Handle);
        app.MapTopic<OrderCancelled, InventoryDb>(ReleaseStock.Handle);
    }
}
