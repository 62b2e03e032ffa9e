using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// How much money came in, minute by minute? payment.processed → analytics.revenue_metrics, one row per minute with payments.
/// Windows [start, start + 1 min) of UTC. Late: not newer than the newest event of the batches before − 10 min; dropped.
/// avg_order_value = total_revenue / order_count, rounded half up to cents.
/// </summary>
public static class RevenueStreaming
{
    static readonly TimeSpan Reach = TimeSpan.FromMinutes(1);
    static readonly string WindowLength = $"{Reach.TotalMinutes} minutes";

    public static Job Job { get; } = new(
        "revenue_streaming", Topics.RevenueMetrics, Job.Update, ["window_start"],
        "window_start", Reach,
        new Dictionary<string, Fact[]> { [Topics.PaymentProcessed] = [Fact.Money("amount")], [Topics.Heartbeat] = [] },
        Transform);

    public static DataFrame Transform(DataFrame events) => events
        .Filter(Col("topic") == Topics.PaymentProcessed)
        .GroupBy(Window(Col("event_time"), WindowLength).As("window"))
        .Agg(Sum(Col("data.amount")).As("total"), Count().As("order_count"), Max(Col("event_time")).As(Job.Newest))
        .Select(
            Col("window.start").As("window_start"),
            Col("window.end").As("window_end"),
            Expr($"CAST(least(total, {Fact.MaxMoney}) AS DECIMAL(12,2))").As("total_revenue"),
            Col("order_count"),
            Expr("CAST(total / order_count AS DECIMAL(12,2))").As("avg_order_value"),
            Col("order_count").As(Job.Sequence),
            Col(Job.Newest));
}
