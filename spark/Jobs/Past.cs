using System.Diagnostics;
using System.Globalization;
using Ecom.Contracts;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// The rows of a job over a range of event time that is over: computed from all events that belong to them, in whatever order those
/// came. A bounded frame through the same query as the stream's: no watermark, nothing is late, and a row is sent once, when it is final.
/// </summary>
public static class Past
{
    /// <summary>Hours are computed together up to this many events.</summary>
    public const long EventsPerChunk = 500_000;

    /// <summary>Computes and sends the rows with a row time in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    /// <param name="staged">Has all events from <paramref name="from"/> to the reach after <paramref name="to"/>.</param>
    /// <returns>The number of chunks.</returns>
    /// <exception cref="OperationCanceledException">It was stopped between two chunks.</exception>
    public static int Compute(Staged staged, Kafka kafka, Job job, DateTimeOffset from, DateTimeOffset to, TextWriter output, CancellationToken stop, long eventsPerChunk = EventsPerChunk)
    {
        var chunks = Chunks(staged.Hours, from, to, job.Reach, eventsPerChunk);
        foreach (var chunk in chunks)
        {
            stop.ThrowIfCancellationRequested();
            var clock = Stopwatch.StartNew();
            var rows = job.Transform(staged.Between(chunk.From, chunk.To + job.Reach)).Filter(Col(job.RowTime) >= chunk.From & Col(job.RowTime) < chunk.To);
            kafka.Send(CloudEvents.Records(rows, job), job.OutputTopic);
            output.WriteLine($"{job.Name} {Text(chunk.From)} to {Text(chunk.To)}: {Rate(chunk.Events, clock.Elapsed)}");
        }
        return chunks.Count;
    }

    /// <summary>Cuts a range where an hour with events begins, so that its parts have about equally many.</summary>
    public static IReadOnlyList<(DateTimeOffset From, DateTimeOffset To, long Events)> Chunks(
        IReadOnlyList<(DateTimeOffset Start, long Events)> hours, DateTimeOffset from, DateTimeOffset to, TimeSpan reach, long most)
    {
        List<(DateTimeOffset From, DateTimeOffset To, long Events)> chunks = [];
        foreach (var (start, events) in hours.Where(hour => from < to && hour.Start.AddHours(1) > from && hour.Start < to + reach))
        {
            // What reaches into an hour from before belongs to the chunk before; what only completes its last rows, too.
            if (chunks is [.., var last] && (last.Events + events <= most || start >= to))
                chunks[^1] = last with { Events = last.Events + events };
            else
            {
                if (chunks.Count > 0)
                    chunks[^1] = chunks[^1] with { To = start };
                chunks.Add((chunks.Count == 0 ? from : start, to, events));
            }
        }
        return chunks;
    }

    /// <summary>
    /// From which time on Kafka has all events of the job; null: as far as <paramref name="from"/> reaches back. Where retention has
    /// cut a partition, what it lost is older than what came first after it, but for the lateness. A partition that is
    /// empty now says nothing: what it lost is older than the retention.
    /// </summary>
    public static DateTimeOffset? CompleteSince(Kafka kafka, Job job, IReadOnlyDictionary<Partition, long> firstOffsets, DateTimeOffset? from)
    {
        var cut = firstOffsets.Where(partition => partition.Value > 0).Select(partition => kafka.Table(job, Place.OldestOf(partition.Key)).Limit(1)).ToList();
        if (cut.Count == 0)
            return null;
        var oldest = Events.Parsed(cut.Aggregate((all, one) => all.Union(one)), job).Filter("offset > 0");
        if (from is not null)
            oldest = oldest.Filter(Col("timestamp") >= from - AnalyticsRules.Ahead);
        return (DateTimeOffset?)oldest.Agg(Max(Coalesce(When(Col("fault").IsNull(), Col("event_time")), Col("timestamp"))).As("newest")).Collect()[0].Get("newest") + AnalyticsRules.Lateness;
    }

    /// <summary>Such as <c>94,368 events in 8.4 s (11,234 events/s)</c>.</summary>
    public static string Rate(long events, TimeSpan took) =>
        string.Create(CultureInfo.InvariantCulture, $"{events:N0} events in {took.TotalSeconds:0.0} s ({events / took.TotalSeconds:N0} events/s)");

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}
