using Dapr.Client;
using Ecom.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>Knows which of those who owe answers could give them now: a party that is not ready, or whom our question has not reached, is not late.</summary>
public sealed class Parties(DaprClient dapr, SagaOptions options, IServiceScopeFactory scopes, TimeProvider clock)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    readonly HttpClient payment = dapr.CreateInvokableHttpClient(AppIds.Payment), inventory = dapr.CreateInvokableHttpClient(AppIds.Inventory);

    public async Task<Owed> WhoIsReady(CancellationToken ct)
    {
        if (await OwnQuestionsAreStuck(ct))
            return Owed.Nothing;
        var (pays, stocks) = (IsReady(payment, ct), IsReady(inventory, ct));
        return (await pays ? Owed.PaymentAnswer | Owed.Refund : Owed.Nothing) | (await stocks ? Owed.StockAnswer | Owed.Release : Owed.Nothing);
    }

    /// <summary>One that is not out after a whole look is stuck: so an outage takes no more than that from a deadline, however short that is.</summary>
    async Task<bool> OwnQuestionsAreStuck(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var before = clock.GetUtcNow() - options.LookEvery;
        return await scope.ServiceProvider.GetRequiredService<OrderDb>().Outbox.AnyAsync(m => m.ParkedAt == null && m.CreatedAt < before, ct);
    }

    static async Task<bool> IsReady(HttpClient party, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var answer = await party.GetAsync("health/ready", limit.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || e is OperationCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
