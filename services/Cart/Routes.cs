using Ecom.Hosting;

namespace Ecom.Carts;

public static class Routes
{
    public static void MapCarts(this WebApplication app)
    {
        var cart = app.MapApi("/cart/{user_id}").WithTags("Cart");
        cart.MapGet("", ReadCart.Handle);
        cart.MapPost("/items", AddItem.Handle);
        cart.MapPut("/items/{product_id}", ChangeQuantity.Handle);
        cart.MapDelete("/items/{product_id}", RemoveItem.Handle);
        cart.MapPost("/checkout", CheckOut.Handle);
    }
}
