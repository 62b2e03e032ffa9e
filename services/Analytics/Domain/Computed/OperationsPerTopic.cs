using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>Does everything flow? A topic's events in each minute. The minute's heartbeat gives the silent topics a row, too, and lets silence be judged.</summary>
public sealed class OperationsPerTopic() : WindowedComputation<(string Topic, DateTimeOffset Start), OperationsPerTopic.Flow>("operational_metrics", Minute, [.. FlowRules.Watched])
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public sealed class Flow : Sum
    {
        /// <summary>Null: the heartbeat has not come.</summary>
        public decimal? Expected { get; set; }
    }

    protected override bool Counts(Fact fact) => true;

    protected override Fact Needed(Fact fact) => new(fact.Topic, fact.Id, fact.Time) { Rhythm = fact.Rhythm };

    protected override IEnumerable<(string, DateTimeOffset)> Keys(Fact fact, DateTimeOffset windowStart) =>
        fact.Rhythm is null ? [(fact.Topic, windowStart)] : fact.Rhythm.Select(of => of.Topic).Distinct().Select(topic => (topic, windowStart));

    protected override void Add((string Topic, DateTimeOffset Start) key, Flow sum, Fact fact)
    {
        if (fact.Rhythm is null)
            sum.Count(fact);
        else
            sum.Expected = Math.Max(sum.Expected ?? 0, fact.Rhythm.Where(of => of.Topic == key.Topic).Max(of => of.PerMinute));
    }

    protected override AnalyticsRow Row((string Topic, DateTimeOffset Start) key, Flow sum) => new OperationalWindow
    {
        // Of silence the minute's end tells.
        AsOf = sum.Counted > 0 ? sum.Newest : key.Start + Minute,
        Sequence = FlowRules.Version(sum.Counted, sum.Expected is not null),
        MetricName = FlowRules.Metric,
        Topic = key.Topic,
        WindowStart = key.Start,
        WindowEnd = key.Start + Minute,
        Value = sum.Counted,
        Status = FlowRules.Status(key.Topic, sum.Counted, sum.Expected),
    };
}
