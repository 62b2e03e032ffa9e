using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Tool;

sealed record CartView(string UserId, IReadOnlyList<CartLine> Items, decimal TotalAmount);

sealed record CartLine(string ProductId, int Quantity);

sealed record CheckoutView(string OrderId);

sealed record ProductsView(IReadOnlyList<ProductView> Products);

sealed record ProductView(string ProductId, string Name, decimal Price, int Stock);

sealed record OrderView(string OrderId, string Status, string? CancellationSource, decimal? RefundedAmount, DateTimeOffset? ClosedAt);

sealed record StatusChange(string OrderId, string Status, bool Ended);

sealed record OperationsView(IReadOnlyList<OperationView> Rows);

sealed record OperationView(string Topic, decimal Value);

/// <summary>The shop answered that it will not: the request was wrong, not the network.</summary>
sealed class Refused(string message, HttpStatusCode status) : Exception(message)
{
    public HttpStatusCode Status => status;
}

/// <summary>The shop as a customer's program sees it, or an operator's, who has the key: its public routes, asked again while a service is away.</summary>
/// <param name="patience">For how long; 30 s when it is not said.</param>
sealed class ShopClient(Addresses addresses, TimeSpan? patience = null) : IDisposable
{
    static readonly TimeSpan Answer = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    readonly TimeSpan patience = patience ?? Answer;
    readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) }) { Timeout = Answer, DefaultRequestHeaders = { Authorization = AdminKey.Of(addresses) } };
    int retries;

    public int Retries => retries;

    public void Dispose() => http.Dispose();

    public async Task<IReadOnlyList<ProductView>> Products(CancellationToken cancel) =>
        (await Send<ProductsView>(HttpMethod.Get, AppIds.Inventory, "/products?limit=100", null, cancel)).Products;

    public Task Restock(string productId, int quantity, CancellationToken cancel) =>
        Send<JsonElement>(HttpMethod.Post, AppIds.Inventory, $"/products/{productId}/restock", new { Quantity = quantity }, cancel, Ids.NewEvent());

    public Task AddItem(string userId, string productId, int quantity, CancellationToken cancel) =>
        Send<JsonElement>(HttpMethod.Post, AppIds.Cart, $"/cart/{userId}/items", new { ProductId = productId, Quantity = quantity }, cancel);

    /// <summary>How many checkouts of the last hour at most analytics shows.</summary>
    public async Task<int> CheckoutsCounted(DateTimeOffset since, CancellationToken cancel) =>
        (int)(await Send<OperationsView>(HttpMethod.Get, AppIds.Analytics, $"/analytics/operations?limit=1000&from={since:yyyy-MM-dd'T'HH:mm:ss'Z'}", null, cancel)).Rows
            .Where(row => row.Topic == Topics.CheckoutInitiated).Sum(row => row.Value);

    public async Task<bool> HasOperations(DateTimeOffset since, CancellationToken cancel) =>
        (await Send<OperationsView>(HttpMethod.Get, AppIds.Analytics, $"/analytics/operations?limit=1&from={since:yyyy-MM-dd'T'HH:mm:ss'Z'}", null, cancel)).Rows.Count > 0;

    public Task RemoveItem(string userId, string productId, CancellationToken cancel) =>
        Send<JsonElement>(HttpMethod.Delete, AppIds.Cart, $"/cart/{userId}/items/{productId}", null, cancel);

    /// <summary>An event that no subscriber can read, by a sidecar's public API: the way of a dead letter.</summary>
    public static async Task PublishNonsense(Addresses addresses, string topic, CancellationToken cancel)
    {
        using var http = SidecarApi.Of(addresses, AppIds.Order);
        using var answer = await http.PostAsJsonAsync(new Uri($"/v1.0/publish/{Components.PubSub}/{topic}", UriKind.Relative), new { Nonsense = true }, Json.Options, cancel);
        answer.EnsureSuccessStatusCode();
    }

    public Task<T> Letters<T>(HttpMethod method, string path, CancellationToken cancel) => Send<T>(method, AppIds.Analytics, "/dead-letters" + path, null, cancel);

    /// <summary>A cart left over from an earlier run would make this order a different one.</summary>
    public async Task EmptyCart(string userId, CancellationToken cancel)
    {
        foreach (var line in (await Send<CartView>(HttpMethod.Get, AppIds.Cart, $"/cart/{userId}", null, cancel)).Items)
            await RemoveItem(userId, line.ProductId, cancel);
    }

    /// <summary>The key makes asking again safe: the same key is the same order.</summary>
    public async Task<string> Checkout(string userId, string? paymentToken, string idempotencyKey, CancellationToken cancel) =>
        (await Send<CheckoutView>(HttpMethod.Post, AppIds.Cart, $"/cart/{userId}/checkout", paymentToken is null ? null : new { PaymentToken = paymentToken }, cancel, idempotencyKey)).OrderId;

    /// <returns>False while there is no such order.</returns>
    public async Task<bool> TryCancel(string orderId, CancellationToken cancel)
    {
        try
        {
            await Send<JsonElement>(HttpMethod.Post, AppIds.Order, $"/orders/{orderId}/cancel", null, cancel);
            return true;
        }
        catch (Refused refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return false;
        }
        catch (Refused refused) when (refused.Status is HttpStatusCode.Conflict)
        {
            return true;
        }
    }

    /// <returns>Null while there is no such order.</returns>
    public async Task<OrderView?> Order(string orderId, CancellationToken cancel)
    {
        try
        {
            return await Send<OrderView>(HttpMethod.Get, AppIds.Order, $"/orders/{orderId}", null, cancel);
        }
        catch (Refused refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Follows the order by its server-sent events, each status told as it is seen.</summary>
    /// <returns>The last change, or null when the order has not ended in time.</returns>
    public async Task<StatusChange?> Follow(string orderId, TimeSpan limit, Action<string> moved, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(limit);
        var (status, pause) = ("", TimeSpan.FromMilliseconds(2));
        try
        {
            while (true)
            {
                try
                {
                    await foreach (var seen in Changes(orderId, stop.Token))
                    {
                        if (seen.Status != status)
                            moved(status = seen.Status);
                        if (seen.Ended)
                            return seen;
                    }
                }
                catch (Exception away) when (away is HttpRequestException or IOException)
                {
                    Interlocked.Increment(ref retries);
                }
                await Task.Delay(pause, stop.Token);
                pause = pause * 2 < Pause ? pause * 2 : Pause;
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    async IAsyncEnumerable<StatusChange> Changes(string orderId, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(addresses.App(AppIds.Order), $"/orders/{orderId}/events"));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        // The service has waited for the order a while: its event is still under way.
        if (response.StatusCode == HttpStatusCode.NotFound)
            yield break;
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        await foreach (var change in SseParser.Create(stream, (_, data) => JsonSerializer.Deserialize<StatusChange>(data, Json.Options)!).EnumerateAsync(cancel))
            yield return change.Data;
    }

    async Task<T> Send<T>(HttpMethod method, string app, string path, object? body, CancellationToken cancel, string? idempotencyKey = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(addresses.App(app), path));
                if (body is not null)
                    request.Content = JsonContent.Create(body, options: Json.Options);
                if (idempotencyKey is not null)
                    request.Headers.Add("Idempotency-Key", idempotencyKey);
                using var response = await http.SendAsync(request, cancel);
                if (response.IsSuccessStatusCode)
                    return (await response.Content.ReadFromJsonAsync<T>(Json.Options, cancel))!;
                if ((int)response.StatusCode < 500 || Stopwatch.GetElapsedTime(started) > patience)
                    throw new Refused($"{app} answered {(int)response.StatusCode} to {method} {path}: {await Detail(response, cancel)}", response.StatusCode);
            }
            // An answer that does not come is a service that stands still.
            catch (Exception away) when (away is HttpRequestException or IOException || away is TaskCanceledException && !cancel.IsCancellationRequested)
            {
                if (Stopwatch.GetElapsedTime(started) > patience)
                    throw new ToolError($"{app} at {addresses.App(app)} does not answer: {away.Message}");
            }
            Interlocked.Increment(ref retries);
            await Task.Delay(Pause, cancel);
        }
    }

    static async Task<string> Detail(HttpResponseMessage response, CancellationToken cancel)
    {
        var text = await response.Content.ReadAsStringAsync(cancel);
        try
        {
            using var problem = JsonDocument.Parse(text);
            return problem.RootElement.GetProperty("detail").GetString() ?? text;
        }
        catch (Exception plain) when (plain is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return text.ReplaceLineEndings(" ");
        }
    }
}
