using System.Net;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.Extensions.Caching.Memory;

namespace Ecom.Carts;

/// <summary>What the cart needs to know of a product.</summary>
public sealed record Product(string ProductId, string Name, decimal Price);

/// <summary>The catalogue is inventory-service's, asked by Dapr service invocation; an answer is good for seconds.</summary>
public sealed class Catalogue(HttpClient inventory, IMemoryCache known)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(5);

    /// <returns>Null: there is no such product. That is asked anew each time.</returns>
    public async Task<Product?> Find(string productId, CancellationToken ct) =>
        known.TryGetValue(productId, out Product? product) ? product
        : await Ask(productId, ct) is { } found ? known.Set(productId, found, GoodFor)
        : null;

    async Task<Product?> Ask(string productId, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var answer = await inventory.GetAsync($"products/{Uri.EscapeDataString(productId)}", limit.Token);
            if (answer.StatusCode is HttpStatusCode.NotFound)
                return null;
            answer.EnsureSuccessStatusCode();
            return await answer.Content.ReadFromJsonAsync<Product>(Json.Options, limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            throw new AwayException(e is HttpRequestException { StatusCode: null } ? "The sidecar" : AppIds.Inventory, e);
        }
    }
}
