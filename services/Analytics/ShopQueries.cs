namespace Ecom.Analytics;

/// <summary>What the routes answer, for code of this process: each question with a context of its own, at any time and from any thread.</summary>
public sealed class ShopQueries(IServiceScopeFactory scopes, StoryParts parts, Engine engine, TimeProvider clock)
{
    public Task<ShopOrderPage> Orders(ShopOrderQuery query, CancellationToken ct = default) => Ask(db => ReadShopOrders.Of(db, query, ct));

    /// <summary>How many of the orders that were placed in [from, to) stand where.</summary>
    public Task<OrderCounts> OrderCounts(DateTimeOffset from, DateTimeOffset to, CancellationToken ct = default) => Ask(db => db.CountOrders(from, to, ct));

    /// <returns>No story: nobody knows the order, or nobody who could was there.</returns>
    public Task<(OrderStory? Story, bool IsUnknown)> Story(string orderId, CancellationToken ct = default) => Ask(db => ReadStory.Of(db, parts, orderId, ct));

    public Task<SummaryResponse> Summary(Span span, CancellationToken ct = default) => Ask(db => ReadSummary.Of(db, span, engine, clock.GetUtcNow(), ct));

    /// <summary>Each topic's last minute.</summary>
    public Task<IReadOnlyList<CurrentOperations>> CurrentOperations(CancellationToken ct = default) => Ask(db => ReadSummary.CurrentOf(db, ct));

    /// <summary>Sums of revenue, side by side without a gap, the oldest first.</summary>
    public Task<IReadOnlyList<RevenueResponse>> Revenue(DateTimeOffset from, DateTimeOffset to, TimeSpan bucket, CancellationToken ct = default) => Ask(db => ReadAnalytics.RevenueIn(db, from, to, bucket, ct));

    /// <summary>The fastest products of the newest hour that has any.</summary>
    public Task<IReadOnlyList<VelocityResponse>> Fastest(CancellationToken ct = default) => Ask(db => ReadAnalytics.FastestNow(db, ct));

    /// <summary>The newest alerts.</summary>
    public Task<IReadOnlyList<FraudResponse>> Alerts(int most = 20, CancellationToken ct = default) => Ask(db => ReadAnalytics.NewestAlerts(db, most, ct));

    /// <summary>The items that were left last.</summary>
    public Task<IReadOnlyList<AbandonmentResponse>> Abandoned(int most = 20, CancellationToken ct = default) => Ask(db => ReadAnalytics.NewestAbandoned(db, most, ct));

    /// <summary>Any question.</summary>
    public async Task<T> Ask<T>(Func<AnalyticsDb, Task<T>> question)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await question(scope.ServiceProvider.GetRequiredService<AnalyticsDb>());
    }
}
