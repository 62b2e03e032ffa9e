using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// Does everything flow? All topics but analytics.* → analytics.operational_metrics, one row per topic and minute: how many events.
/// A minute in which any topic had an event has a row for every topic, 0 where one was silent; a minute of silence has none.
/// Windows [start, start + 1 min) of UTC. Late: not newer than the newest event of all topics in the batches before − 10 min.
/// </summary>
public static class OperationalMetrics
{
    const string WindowLength = "1 minute";

    public static Job Job { get; } = new(
        "operational_metrics", Topics.OperationalMetrics, Job.Update, ["metric_name", "topic", "window_start"],
        FlowRules.Watched.ToDictionary(topic => topic, _ => System.Array.Empty<Fact>()),
        Transform);

    // Counted side by side in one row per window and then spread: so a topic without events still gets its row.
    public static DataFrame Transform(DataFrame events) => events
        .GroupBy(Window(Col("event_time"), WindowLength).As("window"))
        .Agg([Count().As("all"), .. FlowRules.Watched.Select(topic => Count(When(Col("topic") == topic, 1)).As(topic))])
        .Select(Col("window"), Col("all"), Explode(Array([.. FlowRules.Watched.Select(topic => Struct(Lit(topic).As("topic"), Col($"`{topic}`").As("value")))])).As("count"))
        .Select(
            Lit(FlowRules.Metric).As("metric_name"),
            Col("count.topic").As("topic"),
            Col("window.start").As("window_start"),
            Col("window.end").As("window_end"),
            Col("count.value").As("value"),
            Status(Col("count.topic"), Col("count.value"), Col("all")).As("status"));

    static Column Status(Column topic, Column value, Column all)
    {
        Column silent = topic.IsIn([.. FlowRules.Flow]) & value == 0, trouble = topic.IsIn([.. FlowRules.Trouble]);
        return When(silent & (all >= FlowRules.BusyMinute), FlowRules.Critical).When(silent, FlowRules.Warning)
            .When(trouble & (value >= FlowRules.TroubleCritical), FlowRules.Critical).When(trouble & (value >= FlowRules.TroubleWarning), FlowRules.Warning)
            .Otherwise(FlowRules.Healthy);
    }
}
