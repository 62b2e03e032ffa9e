using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Carts;

public static class Routes
{
    public static void MapCarts(this WebApplication app)
    {
        var cart = app.MapApi("/cart/{user_id}").WithTags("Cart").ForCustomer("user_id").AddEndpointFilter(TooMuchWaits);
        cart.MapGet("", ReadCart.Handle).Says("ReadCart", "What is in the cart");
        cart.MapPost("/items", AddItem.Handle).Says("AddItem", "Put a product into the cart", 404, 409).Takes("quantity", 1, Check.MaxQuantity);
        cart.MapPut("/items/{product_id}", ChangeQuantity.Handle).Says("ChangeQuantity", "Set the quantity of a product in the cart; 0 takes it out", 404).Takes("quantity", 0, Check.MaxQuantity);
        cart.MapDelete("/items/{product_id}", RemoveItem.Handle).Says("RemoveItem", "Take a product out of the cart", 404);
        cart.MapPost("/checkout", CheckOut.Handle).Says("CheckOut", "Make an order of the cart", 400).Knows("payment_token", PaymentTokens.All);
    }

    static async ValueTask<object?> TooMuchWaits(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (TooMuchWaitsException)
        {
            return TypedResults.Problem($"The message broker does not answer right now, and {Cart.MaxPending} events of this cart wait for it already. Try again later.",
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
