using System.Net.Http.Json;
using System.Text.Json;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

public sealed record OrderState(string Status, bool Closed, JsonElement Json);

/// <summary>A customer at the shop's public routes, who has an operator's key; a shop that was given none does not look at it.</summary>
public sealed class Customer : IDisposable
{
    public const string Key = "the-operators-key-of-the-tests";
    static readonly TimeSpan Stubbornness = TimeSpan.FromSeconds(90);
    readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(20), DefaultRequestHeaders = { Authorization = new("Bearer", Key) } };
    readonly RunFile[] runs;

    /// <param name="runs">Where the shop answers; with several replicas each request goes to any of them, whether it lives or not.</param>
    internal Customer(params RunFile[] runs) => this.runs = runs;

    public static string NewUser(string name) => $"{name}-{Guid.NewGuid().ToString("N")[..10]}";

    /// <summary>In a world where servers die, or have just been started: asked again until it is answered; the key makes that one order.</summary>
    public async Task<string> Order(string user, string? paymentToken, params (string ProductId, int Quantity)[] lines)
    {
        foreach (var (productId, quantity) in lines)
            await Eventually.Until(
                async () =>
                {
                    var cart = await Get("cart-service", $"cart/{user}");
                    if (!cart.GetProperty("items").EnumerateArray().Any(item => item.GetProperty("product_id").GetString() == productId))
                        await Add(user, productId, quantity);
                    return true;
                },
                Stubbornness,
                $"{user} has {productId} in the cart");
        var key = NewUser("key");
        return await Eventually.Get(async () => await Checkout(user, paymentToken, key), Stubbornness, $"{user} has checked out");
    }

    public Task Add(string user, string productId, int quantity) => Post("cart-service", $"cart/{user}/items", new { product_id = productId, quantity });

    public async Task<string> Checkout(string user, string? paymentToken, string? idempotencyKey = null)
    {
        var answer = await Post("cart-service", $"cart/{user}/checkout", paymentToken is null ? new { } : new { payment_token = paymentToken }, idempotencyKey);
        return answer.GetProperty("order_id").GetString()!;
    }

    public Task Cancel(string orderId) => Post("order-service", $"orders/{orderId}/cancel", null);

    public Task Restock(string productId, int quantity) => Post("inventory-service", $"products/{productId}/restock", new { quantity });

    public async Task<OrderState> Read(string orderId)
    {
        var order = await Get("order-service", $"orders/{orderId}");
        return new(order.GetProperty("status").GetString()!, order.TryGetProperty("closed_at", out var at) && at.ValueKind is not JsonValueKind.Null, order);
    }

    /// <summary>All rows of a table of analytics-service.</summary>
    public Task<IReadOnlyList<T>> Analytics<T>(string table) => ExpectedAnalytics.Rows<T>(AskAnalytics, table);

    /// <summary>What analytics-service answers.</summary>
    public Task<JsonElement> AskAnalytics(string path) => Get("analytics-service", path);

    public Task<OrderState> WaitFor(string orderId, string status, TimeSpan? deadline = null) => Eventually.Get<OrderState>(
        async () => await Read(orderId) is var order && order.Status == status && (order.Closed || status is "PENDING" or "PAID") ? order : null, deadline ?? TimeSpan.FromSeconds(60), $"{orderId} is {status}");

    public Task<OrderState> WaitForEnd(string orderId) => Eventually.Get<OrderState>(
        async () => await Read(orderId) is { Closed: true } order ? order : null, TimeSpan.FromSeconds(60), $"{orderId} has ended");

    public void Dispose() => http.Dispose();

    Uri Address(string appId, string path) => new($"http://127.0.0.1:{runs[Random.Shared.Next(runs.Length)].AppPort(appId)}/{path}");

    async Task<JsonElement> Get(string appId, string path) => await Read(await http.GetAsync(Address(appId, path)), path);

    async Task<JsonElement> Post(string appId, string path, object? body, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(appId, path)) { Content = body is null ? null : JsonContent.Create(body) };
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return await Read(await http.SendAsync(request), path);
    }

    static async Task<JsonElement> Read(HttpResponseMessage response, string path)
    {
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(text)
            : throw new HttpRequestException($"{path} answered {(int)response.StatusCode}: {text}", null, response.StatusCode);
    }
}
