using Ecom.Hosting;

namespace Ecom.Inventory;

public static class Routes
{
    public static void MapInventory(this WebApplication app)
    {
        var products = app.MapApi("/products").WithTags("Products");
        products.MapGet("", ReadProducts.Page).Says("ReadProducts", "The catalogue, with the stock").Paged().ForEveryone();
        products.MapGet("/{product_id}", ReadProducts.One).Says("ReadProduct", "A product", 404).ForEveryone();
        products.MapPost("/{product_id}/restock", RestockProduct.Handle).Says("RestockProduct", "Put units on the shelf", 404).Takes("quantity", 1, RestockProduct.MaxQuantity).ForOperators();

        app.MapTopic<InventoryDb>(ReserveStock.Handle, isAnsweredAgain: true);
        app.MapTopic<InventoryDb>(ReleaseStock.Handle, isAnsweredAgain: true);
    }
}
