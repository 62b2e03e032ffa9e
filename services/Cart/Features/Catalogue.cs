using System.Net;
using Ecom.Contracts;

namespace Ecom.Carts;

/// <summary>What the cart needs to know of a product.</summary>
public sealed record Product(string ProductId, string Name, decimal Price);

/// <summary>The catalogue is inventory-service's, asked by Dapr service invocation.</summary>
public sealed class Catalogue(HttpClient inventory)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <returns>Null: there is no such product.</returns>
    public async Task<Product?> Find(string productId, CancellationToken ct)
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
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException("inventory-service did not answer in time.");
        }
    }
}
