using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>How much money came in, minute by minute? <c>avg_order_value</c> is rounded half up to cents.</summary>
public sealed class RevenuePerMinute() : WindowedComputation<DateTimeOffset, RevenuePerMinute.Revenue>("revenue_streaming", Minute, Topics.PaymentProcessed)
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public sealed class Revenue : Sum
    {
        public decimal Total { get; set; }
    }

    protected override IEnumerable<DateTimeOffset> Keys(Fact fact, DateTimeOffset windowStart) => [windowStart];

    protected override void Add(DateTimeOffset key, Revenue sum, Fact fact)
    {
        sum.Total += fact.Amount;
        sum.Count(fact);
    }

    protected override AnalyticsRow Row(DateTimeOffset key, Revenue sum) => new RevenueWindow
    {
        AsOf = sum.Newest,
        Sequence = sum.Counted,
        WindowStart = key,
        WindowEnd = key + Minute,
        TotalRevenue = AnalyticsRules.Capped(sum.Total),
        OrderCount = sum.Counted,
        AvgOrderValue = Math.Round(sum.Total / sum.Counted, 2, MidpointRounding.AwayFromZero),
    };
}
