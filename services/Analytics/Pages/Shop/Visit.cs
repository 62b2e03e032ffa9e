using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Analytics.Pages;

/// <summary>An order of this visit, as it moves.</summary>
/// <param name="Fault">Why its status is not known right now.</param>
public sealed record FollowedOrder(string OrderId, string Customer, decimal Total, DateTimeOffset At, string Status, bool Ended, string? Source = null, string? Reason = null, string? Fault = null);

/// <summary>Somebody at the shop: their cart, and the orders of this visit, each followed to its end.</summary>
public sealed class Visit(ShopServices shop, TimeProvider clock) : IDisposable
{
    const int MostOrders = 60;
    static readonly TimeSpan BeforeNextTry = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource left = new();
    readonly Lock gate = new();
    volatile IReadOnlyList<FollowedOrder> orders = [];

    public event Action? Changed;

    public string Customer { get; private set; } = "";

    /// <summary>Null: it has not been asked for yet.</summary>
    public Answer<CartView>? Cart { get; private set; }

    /// <summary>The newest first.</summary>
    public IReadOnlyList<FollowedOrder> Orders => orders;

    public async Task Enter(string customer)
    {
        Customer = customer;
        var (cart, earlier) = (shop.Cart(customer), shop.Orders(customer));
        Cart = await cart;
        foreach (var order in ((await earlier).Value?.Orders ?? []).Reverse())
            Follow(new(order.OrderId, customer, order.TotalAmount, order.CreatedAt, order.Status, order.ClosedAt is not null, order.CancellationSource, order.CancelReason));
        Changed?.Invoke();
    }

    public async Task ReadCart() => Changes(await shop.Cart(Customer));

    /// <returns>What is wrong; null: it is done.</returns>
    public async Task<string?> Add(string productId) => Changes(await shop.Add(Customer, productId, 1));

    public async Task<string?> SetQuantity(string productId, int quantity) => Changes(await shop.SetQuantity(Customer, productId, quantity));

    public async Task<string?> CheckOut(string? paymentToken)
    {
        var (made, fault) = await Place(Customer, paymentToken);
        await ReadCart();
        return made is null ? fault : null;
    }

    /// <summary>Makes an order of a customer's cart, and follows it.</summary>
    public async Task<(string? OrderId, string? Fault)> Place(string customer, string? paymentToken)
    {
        var answer = await shop.CheckOut(customer, paymentToken);
        if (answer.Value is not { } made)
            return (null, answer.Fault);
        Follow(new(made.OrderId, customer, made.Cart.TotalAmount, clock.GetUtcNow(), "PENDING", false));
        return (made.OrderId, null);
    }

    public void Dispose() => left.Cancel();

    string? Changes(Answer<CartView> answer)
    {
        // A cart that cannot be changed right now is still what is in it.
        if (answer.Value is not null || Cart?.Value is null)
            Cart = answer;
        Changed?.Invoke();
        return answer.Fault;
    }

    void Follow(FollowedOrder order)
    {
        lock (gate)
        {
            if (orders.Any(known => known.OrderId == order.OrderId))
                return;
            orders = [order, .. orders.Take(MostOrders - 1)];
        }
        Changed?.Invoke();
        if (!order.Ended)
            _ = FollowToTheEnd(order.OrderId, left.Token);
    }

    async Task FollowToTheEnd(string orderId, CancellationToken ct)
    {
        // One that is on the list no longer is nobody's to watch.
        while (!ct.IsCancellationRequested && IsListed(orderId))
            try
            {
                await foreach (var move in shop.Follow(orderId, ct))
                {
                    if (!IsListed(orderId))
                        return;
                    Update(orderId, order => order with { Status = move.Status, Ended = move.Ended, Source = move.CancellationSource, Reason = move.CancelReason, Fault = null });
                    if (move.Ended)
                        return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException)
            {
                if (ct.IsCancellationRequested)
                    return;
                Update(orderId, order => order with { Fault = $"{AppIds.Order} does not answer right now; it is asked again." });
                await Task.Delay(BeforeNextTry, clock, CancellationToken.None);
            }
    }

    bool IsListed(string orderId)
    {
        lock (gate)
            return orders.Any(order => order.OrderId == orderId);
    }

    void Update(string orderId, Func<FollowedOrder, FollowedOrder> change)
    {
        lock (gate)
            orders = [.. orders.Select(order => order.OrderId == orderId ? change(order) : order)];
        Changed?.Invoke();
    }
}
