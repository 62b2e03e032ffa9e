using System.Diagnostics.Metrics;

namespace Ecom.Hosting;

/// <summary>The service's own meter; its <c>/metrics</c> shows what is counted on it.</summary>
public sealed class Metrics(IMeterFactory meters)
{
    public const string Name = "Ecom";

    public Meter Meter { get; } = meters.Create(Name);

    /// <summary>A counter that stands at zero from the start: one that begins with its first event hides it from whoever looks for a rise.</summary>
    public Counter<long> FromZero(string name, string description)
    {
        var counter = Meter.CreateCounter<long>(name, description: description);
        counter.Add(0);
        return counter;
    }

    /// <summary>How long things take, in seconds: from one that is at once to one that takes minutes.</summary>
    public Histogram<double> Duration(string name, string description) => Meter.CreateHistogram(name, "s", description,
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600] });
}

/// <summary>Shows each queue's lag and parked rows, told by the replica that leads it, and who leads.</summary>
sealed class QueueMetrics<TDb> : PeriodicService where TDb : ServiceDb
{
    readonly IEnumerable<RowQueue<TDb>> queues;
    readonly IServiceScopeFactory scopes;
    readonly PostgresLine line;

    /// <summary>While they cannot be read the last figures stay, and grow: lag is an age.</summary>
    volatile Dictionary<string, QueueState> states = [];

    public QueueMetrics(IEnumerable<RowQueue<TDb>> queues, IServiceScopeFactory scopes, PostgresLine line, Metrics metrics, TimeProvider clock) : base(TimeSpan.FromSeconds(5), clock)
    {
        (this.queues, this.scopes, this.line) = (queues, scopes, line);
        metrics.Meter.CreateObservableGauge("ecom_queue_leads", () => queues.Select(q => new Measurement<int>(line.Leads(q.Name) ? 1 : 0, Tag(q.Name))), description: "1: this replica sends the queue");
        metrics.Meter.CreateObservableGauge("ecom_queue_lag_seconds", () => states.Select(s => new Measurement<double>(Age(s.Value.OldestAt), Tag(s.Key))), description: "Age of the oldest row that waits in a queue");
        metrics.Meter.CreateObservableGauge("ecom_queue_parked", () => states.Select(s => new Measurement<int>(s.Value.Parked, Tag(s.Key))), description: "Rows of a queue that were given up and wait for an operator");
    }

    protected override async Task Work(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        Dictionary<string, QueueState> seen = [];
        foreach (var queue in queues.Where(queue => line.Leads(queue.Name)))
            seen[queue.Name] = await queue.Look(db, ct);
        states = seen;
    }

    double Age(DateTimeOffset? oldest) => oldest is { } time ? Math.Max(0, (Clock.GetUtcNow() - time).TotalSeconds) : 0;

    static KeyValuePair<string, object?> Tag(string queue) => new("queue", queue);
}
