using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Dapr.Client;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Analytics.Pages;

public sealed record ProductView(string ProductId, string Name, decimal Price, int Stock, int InitialStock, int Restocked);

public sealed record ProductList(IReadOnlyList<ProductView> Products);

public sealed record CartLineView(string ProductId, string Name, int Quantity, decimal Price, decimal ItemTotal);

public sealed record CartView(string UserId, IReadOnlyList<CartLineView> Items, decimal TotalAmount, int ItemCount);

public sealed record CheckoutView(string OrderId, CartView Cart);

public sealed record OrderView(string OrderId, string UserId, string Status, decimal TotalAmount, string? CancelReason, string? CancellationSource, DateTimeOffset CreatedAt, DateTimeOffset? ClosedAt);

public sealed record OrderList(IReadOnlyList<OrderView> Orders);

/// <summary>One word of an order's live status.</summary>
public sealed record OrderMove(string OrderId, string Status, bool Ended, string? CancellationSource, string? CancelReason);

/// <summary>The services as a customer's browser would use them, by Dapr service invocation through this service's own sidecar.</summary>
public sealed class ShopServices(DaprClient dapr, Colleagues colleagues)
{
    const int MostProducts = 100;
    readonly HttpClient cart = colleagues.Client(dapr, AppIds.Cart), order = colleagues.Client(dapr, AppIds.Order), inventory = dapr.CreateInvokableHttpClient(AppIds.Inventory);

    public Task<Answer<ProductList>> Products(CancellationToken ct) => inventory.Ask<ProductList>(AppIds.Inventory, HttpMethod.Get, $"products?limit={MostProducts}", ct: ct);

    public Task<Answer<CartView>> Cart(string customer) => cart.Ask<CartView>(AppIds.Cart, HttpMethod.Get, $"cart/{customer}");

    public Task<Answer<CartView>> Add(string customer, string productId, int quantity) => cart.Ask<CartView>(AppIds.Cart, HttpMethod.Post, $"cart/{customer}/items", new { productId, quantity });

    public Task<Answer<CartView>> SetQuantity(string customer, string productId, int quantity) => cart.Ask<CartView>(AppIds.Cart, HttpMethod.Put, $"cart/{customer}/items/{productId}", new { quantity });

    /// <param name="paymentToken">Null: the shop's success rate decides.</param>
    public Task<Answer<CheckoutView>> CheckOut(string customer, string? paymentToken) => cart.Ask<CheckoutView>(AppIds.Cart, HttpMethod.Post, $"cart/{customer}/checkout", new { paymentToken });

    public Task<Answer<OrderList>> Orders(string customer) => order.Ask<OrderList>(AppIds.Order, HttpMethod.Get, $"orders/user/{customer}");

    public Task<Answer<OrderView>> Cancel(string orderId) => order.Ask<OrderView>(AppIds.Order, HttpMethod.Post, $"orders/{orderId}/cancel");

    /// <summary>The order's status and each change of it, as order-service pushes them, until it has ended or the line breaks.</summary>
    public async IAsyncEnumerable<OrderMove> Follow(string orderId, [EnumeratorCancellation] CancellationToken ct)
    {
        using var answer = await order.GetAsync($"orders/{orderId}/events", HttpCompletionOption.ResponseHeadersRead, ct);
        answer.EnsureSuccessStatusCode();
        await foreach (var word in SseParser.Create(await answer.Content.ReadAsStreamAsync(ct)).EnumerateAsync(ct))
            yield return JsonSerializer.Deserialize<OrderMove>(word.Data, Json.Options)!;
    }
}
