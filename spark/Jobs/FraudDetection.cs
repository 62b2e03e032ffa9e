using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// Who behaves oddly? order.created, payment.failed → fraud.detected, one alert per user, type and window that meets a rule.
/// Windows [start, start + 5 min) of UTC, one starting each minute: an event lies in five. Late: not newer than the newest
/// event of both topics in the batches before − 10 min; dropped. Alerts only grow: a row is sent again with more or worse.
/// </summary>
public static class FraudDetection
{
    static readonly TimeSpan Reach = TimeSpan.FromMinutes(5);
    static readonly string WindowLength = $"{Reach.TotalMinutes} minutes";
    const string WindowSlide = "1 minute";

    public static Job Job { get; } = new(
        "fraud_detection", Topics.FraudDetected, Job.Update, ["user_id", "alert_type", "window_start"],
        "window_start", Reach,
        new Dictionary<string, Fact[]>
        {
            [Topics.OrderCreated] = [Fact.Id("user_id"), Fact.Id("order_id"), Fact.Money("total_amount")],
            [Topics.PaymentFailed] = [Fact.Id("user_id")],
            [Topics.Heartbeat] = [],
        },
        Transform);

    public static DataFrame Transform(DataFrame events)
    {
        var isOrder = Col("topic") == Topics.OrderCreated;
        // The dearest order; of several, the one with the greatest id.
        var order = Struct(Col("data.total_amount").Cast("decimal(12,2)").As("amount"), Col("data.order_id").As("order_id"));
        return events
            .Filter(Col("topic") != Topics.Heartbeat)
            .GroupBy(Window(Col("event_time"), WindowLength, WindowSlide).As("window"), Col("data.user_id").As("user_id"))
            .Agg(
                Count(When(isOrder, 1)).As("orders"),
                Max(When(isOrder, order)).As("dearest"),
                Max(When(isOrder, Col("event_time"))).As("last_order"),
                Count(When(!isOrder, 1)).As("failures"),
                Max(When(!isOrder, Col("event_time"))).As("last_failure"))
            .WithColumn("alert", Explode(CallFunction("array_compact", Array(Frequency(), Value(), Failures()))))
            .Select(
                Col("user_id"),
                Col("alert.order_id").As("order_id"),
                Col("alert.alert_type").As("alert_type"),
                Col("alert.severity").As("severity"),
                Col("alert.details").As("details"),
                Col("window.start").As("window_start"),
                Col("window.end").As("window_end"),
                Col("alert.counted").As(Job.Sequence),
                Col("alert.newest").As(Job.Newest));
    }

    static Column Frequency() => When(Col("orders") > FraudRules.OrdersAllowed, Alert(
        FraudRules.Frequency,
        When(Col("orders") > FraudRules.OrdersHigh, FraudRules.Critical).Otherwise(FraudRules.High),
        Concat(Col("orders").Cast("string"), Lit($" orders in {WindowLength}")),
        Lit(null).Cast("string"),
        "orders",
        "last_order"));

    static Column Value() => When(Col("dearest.amount") > FraudRules.AmountAllowed, Alert(
        FraudRules.Value,
        When(Col("dearest.amount") > FraudRules.AmountHigh, FraudRules.Critical).Otherwise(FraudRules.High),
        Concat(Lit("an order of "), Col("dearest.amount").Cast("string")),
        Col("dearest.order_id"),
        "orders",
        "last_order"));

    static Column Failures() => When(Col("failures") > FraudRules.FailuresAllowed, Alert(
        FraudRules.Failures,
        Lit(FraudRules.Medium),
        Concat(Col("failures").Cast("string"), Lit($" failed payments in {WindowLength}")),
        Lit(null).Cast("string"),
        "failures",
        "last_failure"));

    static Column Alert(string type, Column severity, Column details, Column orderId, string counted, string newest) => Struct(
        Lit(type).As("alert_type"), severity.As("severity"), details.As("details"), orderId.As("order_id"), Col(counted).As("counted"), Col(newest).As("newest"));
}
