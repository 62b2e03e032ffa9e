using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>How much money came in, minute by minute? <c>avg_order_value</c> is rounded half up to cents.</summary>
public sealed class RevenuePerMinute() : WindowedComputation<DateTimeOffset, RevenuePerMinute.Sum>("revenue_streaming", Minute, Topics.PaymentProcessed)
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public sealed class Sum
    {
        public decimal Total { get; set; }
        public long Orders { get; set; }
    }

    protected override IEnumerable<DateTimeOffset> Keys(Fact fact, DateTimeOffset windowStart) => [windowStart];

    protected override void Add(DateTimeOffset key, Sum sum, Fact fact)
    {
        sum.Total += fact.Amount;
        sum.Orders++;
    }

    protected override IEnumerable<AnalyticsRow> Rows(DateTimeOffset key, Sum sum, DateTimeOffset now) =>
    [
        new RevenueWindow
        {
            AsOf = now,
            WindowStart = key,
            WindowEnd = key + Minute,
            TotalRevenue = AnalyticsRules.Capped(sum.Total),
            OrderCount = sum.Orders,
            AvgOrderValue = Math.Round(sum.Total / sum.Orders, 2, MidpointRounding.AwayFromZero),
        },
    ];
}
