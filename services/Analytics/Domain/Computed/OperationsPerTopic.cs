using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>Does everything flow? A minute in which any topic had an event has a row for every topic, 0 where one was silent.</summary>
public sealed class OperationsPerTopic() : WindowedComputation<DateTimeOffset, OperationsPerTopic.Counts>("operational_metrics", Minute, FlowRules.Watched)
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public sealed class Counts : Dictionary<string, long>;

    protected override Fact Needed(Fact fact) => new(fact.Topic, fact.Id, fact.Time);

    protected override IEnumerable<DateTimeOffset> Keys(Fact fact, DateTimeOffset windowStart) => [windowStart];

    protected override void Add(DateTimeOffset key, Counts sum, Fact fact) => sum[fact.Topic] = sum.GetValueOrDefault(fact.Topic) + 1;

    protected override IEnumerable<AnalyticsRow> Rows(DateTimeOffset key, Counts sum, DateTimeOffset now)
    {
        var all = sum.Values.Sum();
        return FlowRules.Watched.Select(topic => (Topic: topic, Value: sum.GetValueOrDefault(topic))).Select(count => new OperationalWindow
        {
            AsOf = now,
            MetricName = FlowRules.Metric,
            Topic = count.Topic,
            WindowStart = key,
            WindowEnd = key + Minute,
            Value = count.Value,
            Status = Status(count.Topic, count.Value, all),
        });
    }

    static string Status(string topic, long value, long all) =>
        value == 0 && FlowRules.Flow.Contains(topic) ? all >= FlowRules.BusyMinute ? FlowRules.Critical : FlowRules.Warning
        : !FlowRules.Trouble.Contains(topic) ? FlowRules.Healthy
        : value >= FlowRules.TroubleCritical ? FlowRules.Critical
        : value >= FlowRules.TroubleWarning ? FlowRules.Warning
        : FlowRules.Healthy;
}
