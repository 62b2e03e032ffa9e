using System.Globalization;
using Ecom.Contracts;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Streaming;

namespace Ecom.Spark.Jobs;

/// <summary>A job at work: its own stream, and beside it the one that sends what it cannot read to <c>dlq.events</c>.</summary>
public sealed class RunningJob
{
    // Nobody waits for a dead letter: its stream looks seldom and leaves the machine to the jobs.
    static readonly TimeSpan DeadLetterInterval = TimeSpan.FromSeconds(10);

    readonly Job job;
    readonly StreamingQuery deadLetters;
    long lastBatch = -1, batches, rows, late, state;
    TimeSpan busy;

    readonly JobMetrics metrics;
    readonly LateEvents lateEvents;
    string? newest;

    RunningJob(Job job, StreamingQuery query, StreamingQuery deadLetters, JobMetrics metrics, LateEvents lateEvents) =>
        (this.job, Query, this.deadLetters, this.metrics, this.lateEvents) = (job, query, deadLetters, metrics, lateEvents);

    public string Name => job.Name;

    public StreamingQuery Query { get; }

    /// <summary>Starts both streams, where they are far behind after <see cref="CatchUp"/>; without an interval they run over what is there and end.</summary>
    public static RunningJob Start(SparkSession session, Kafka kafka, Job job, string checkpoints, TimeSpan? interval, JobMetrics metrics, TextWriter output, CancellationToken stop)
    {
        var checkpoint = Checkpoint.Open(session, checkpoints, job);
        var start = CatchUp.Prepare(session, kafka, job, checkpoint, output, stop);
        var records = kafka.Stream(job, start.Place, start.RecordsPerBatch(kafka.RecordsPerBatch));
        var query = kafka.Write(CloudEvents.Records(start.Rows(job.Transform(Events.Read(records, job)), job), job), job.OutputTopic)
            .QueryName(job.Name)
            .OutputMode(job.OutputMode)
            .Option("checkpointLocation", start.Query(checkpoint))
            .Trigger(TriggerFor(interval))
            .Start();
        var deadLetters = kafka.Write(Events.DeadLetters(kafka.Stream(job, Place.Oldest, Kafka.DefaultRecordsPerBatch), job), Topics.DeadLetters)
            .QueryName(job.Name + "-dead-letters")
            .OutputMode(Job.Append)
            .Option("checkpointLocation", checkpoint.DeadLetters)
            .Trigger(TriggerFor(interval is null || interval > DeadLetterInterval ? interval : DeadLetterInterval))
            .Start();
        return new RunningJob(job, query, deadLetters, metrics, new LateEvents(session, kafka, job));
    }

    /// <summary>One line for each batch with rows that ended since the last call.</summary>
    public IEnumerable<string> NewProgress()
    {
        if (Query.LastProgress() is not { } last || last.Json == newest)
            yield break;
        newest = last.Json;
        // Also of a batch without rows, which forgets what the watermark has passed.
        state = last.StateRows;
        metrics.Show(job.Name, last);
        // All that Spark keeps, a hundred batches, is asked for only where there can be one between the last look and this.
        var recent = last.BatchId <= lastBatch + 1 ? [last] : Query.RecentProgress();
        foreach (var batch in recent.Where(batch => batch.BatchId > lastBatch && batch.NumInputRows > 0).OrderBy(batch => batch.BatchId))
        {
            lastBatch = batch.BatchId;
            batches++;
            rows += batch.NumInputRows;
            late += batch.RowsDroppedByWatermark;
            busy += batch.BatchDuration;
            metrics.Count(job.Name, batch);
            lateEvents.Tell(batch);
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{job.Name} batch {batch.BatchId}: {batch.NumInputRows:N0} rows in {batch.BatchDuration.TotalSeconds:0.0} s ({batch.ProcessedRowsPerSecond:N0} rows/s), watermark {(batch.Watermark is { } time ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "none yet")}, state {batch.StateRows:N0} rows{(batch.RowsDroppedByWatermark > 0 ? $", {batch.RowsDroppedByWatermark:N0} too late" : "")}");
        }
    }

    /// <summary>What the batches that <see cref="NewProgress"/> told of come to.</summary>
    public string Summary() => string.Create(
        CultureInfo.InvariantCulture,
        $"{rows:N0} rows in {batches:N0} batch{(batches == 1 ? "" : "es")}, {busy.TotalSeconds:0.0} s ({(rows == 0 ? 0 : rows / busy.TotalSeconds):N0} rows/s), state {state:N0} rows, {late:N0} too late");

    /// <summary>True when both streams came to their end; throws what made one fail.</summary>
    public bool Ended(IReadOnlySet<string> active)
    {
        var ended = true;
        foreach (var query in new[] { Query, deadLetters })
        {
            if (active.Contains(query.Id))
                ended = false;
            else
                query.AwaitTermination(TimeSpan.FromSeconds(5));
        }
        return ended;
    }

    public void Stop()
    {
        Query.Stop();
        deadLetters.Stop();
    }

    static Trigger TriggerFor(TimeSpan? interval) => interval is { } time
        ? Trigger.ProcessingTime(string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMilliseconds} milliseconds"))
        : Trigger.AvailableNow();
}
