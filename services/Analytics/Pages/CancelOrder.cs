using System.Text.Json;
using Dapr.Client;
using Ecom.Contracts;

namespace Ecom.Analytics.Pages;

/// <summary>Asks order-service, through the sidecar, for an order's cancellation.</summary>
public sealed class CancelOrder(DaprClient dapr)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    readonly HttpClient orders = dapr.CreateInvokableHttpClient(AppIds.Order);

    /// <returns>Why not; null: it was asked.</returns>
    public async Task<string?> Ask(string orderId, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var answer = await orders.PostAsync($"orders/{Uri.EscapeDataString(orderId)}/cancel", null, limit.Token);
            return answer.IsSuccessStatusCode ? null : Json.Text(await answer.Content.ReadFromJsonAsync<JsonElement>(limit.Token), "detail") ?? $"{AppIds.Order} refused.";
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || e is OperationCanceledException && !ct.IsCancellationRequested)
        {
            return $"{AppIds.Order} does not answer right now. Try again.";
        }
    }
}
