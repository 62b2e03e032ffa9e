using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// Does everything flow? All topics but analytics.* → analytics.operational_metrics, one row per topic and minute: how many events.
/// A minute's heartbeat, which comes when it is over, gives the topics that were silent a row with 0 and lets silence be judged, by
/// what it says the topic's rhythm is; until then only trouble is. sequence = 2 × events, and 1 more when the heartbeat has come.
/// Windows [start, start + 1 min) of UTC. Late: not newer than the newest event of all topics in the batches before − 10 min.
/// </summary>
public static class OperationalMetrics
{
    static readonly TimeSpan Reach = TimeSpan.FromMinutes(1);
    static readonly string WindowLength = $"{Reach.TotalMinutes} minutes";

    public static Job Job { get; } = new(
        "operational_metrics", Topics.OperationalMetrics, Job.Update, ["metric_name", "topic", "window_start"],
        "window_start", Reach,
        FlowRules.Watched.ToDictionary(topic => topic, _ => System.Array.Empty<Fact>()).Append(new(Topics.Heartbeat, [Fact.Rhythm("rhythm")])).ToDictionary(),
        Transform);

    // The topics are those that come, and those that the heartbeat names: a new topic is new rows, and no new state.
    public static DataFrame Transform(DataFrame events)
    {
        var counted = Col("topic") != Topics.Heartbeat;
        return events
            .WithColumn("line", Explode(When(counted, Array(Struct(Col("topic").As("topic"), Lit(null).Cast("decimal(18,6)").As("per_minute")))).Otherwise(Col("data.rhythm"))))
            .GroupBy(Window(Col("event_time"), WindowLength).As("window"), Col("line.topic").As("topic"))
            .Agg(
                Count(When(counted, 1)).As("value"),
                Max(When(counted, Col("event_time"))).As("last"),
                Max(Col("line.per_minute")).As("expected"))
            .Select(
                Lit(FlowRules.Metric).As("metric_name"),
                Col("topic"),
                Col("window.start").As("window_start"),
                Col("window.end").As("window_end"),
                Col("value"),
                Status(Col("topic"), Col("value"), Col("expected")).As("status"),
                Expr("2 * value + if(expected IS NULL, 0, 1)").As(Job.Sequence),
                // Of silence the minute's end tells.
                Coalesce(Col("last"), Col("window.end")).As(Job.Newest));
    }

    /// <summary>As <see cref="FlowRules.Status"/> says.</summary>
    static Column Status(Column topic, Column value, Column expected)
    {
        Column silent = topic.IsIn([.. FlowRules.Flow]) & value == 0, trouble = topic.IsIn([.. FlowRules.Trouble]);
        return When(silent & (expected >= FlowRules.SilenceCritical), FlowRules.Critical).When(silent & (expected >= FlowRules.SilenceWarning), FlowRules.Warning)
            .When(trouble & (value >= FlowRules.TroubleCritical), FlowRules.Critical).When(trouble & (value >= FlowRules.TroubleWarning), FlowRules.Warning)
            .Otherwise(FlowRules.Healthy);
    }
}
