using System.Globalization;
using Ecom.Contracts;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Streaming;

namespace Ecom.Spark.Jobs;

/// <summary>A stream at work: a job's, or the one that sends what no job can read to <c>dlq.events</c>.</summary>
public sealed class RunningJob
{
    public const string DeadLetters = "dead_letters";

    // Nobody waits for a dead letter: its stream looks seldom and leaves the machine to the jobs.
    static readonly TimeSpan DeadLetterInterval = TimeSpan.FromSeconds(10);

    readonly string name;
    readonly StreamingQuery query;
    readonly JobMetrics? metrics;
    readonly LateEvents? lateEvents;
    string? newest;
    long lastBatch = -1, batches, rows, late, state;
    TimeSpan busy;

    RunningJob(string name, StreamingQuery query, JobMetrics? metrics, LateEvents? lateEvents) =>
        (this.name, this.query, this.metrics, this.lateEvents) = (name, query, metrics, lateEvents);

    /// <summary>Starts a job's stream where it was when it ended, where that is far behind after <see cref="CatchUp"/>; without an interval it runs over what is there and ends.</summary>
    /// <param name="fresh">Begins anew with what Kafka has, although there is a checkpoint.</param>
    public static RunningJob Start(SparkSession session, Kafka kafka, Job job, string checkpoints, StreamSettings settings, bool fresh, JobMetrics metrics, TextWriter output, CancellationToken stop)
    {
        var version = Checkpoint.VersionOf(Rows(Takeover.None), [.. job.Inputs.Keys.Order(StringComparer.Ordinal), job.OutputMode, $"{settings.Partitions}", settings.StoreClass]);
        var checkpoint = Checkpoint.Open(session, checkpoints, job.Name, version, fresh);
        // A batch without rows only forgets what is over, which the next one does as well; but a row that is sent when it is final waits for it.
        if (settings.Interval is not null && job.OutputMode == Job.Update)
            session.Conf().Set("spark.sql.streaming.noDataMicroBatches.enabled", false);
        var begin = CatchUp.Prepare(session, kafka, job, checkpoint, settings.Rate, output, stop);
        var query = kafka.Write(CloudEvents.Records(begin.Rows(Rows(begin), job), job), job.OutputTopic)
            .QueryName(job.Name)
            .OutputMode(job.OutputMode)
            .Option("checkpointLocation", begin.Query(checkpoint))
            .Trigger(TriggerFor(settings.Interval))
            .Start();
        return new RunningJob(job.Name, query, metrics, new LateEvents(session, kafka, job));

        DataFrame Rows(Takeover from) => job.Transform(Events.Read(kafka.Stream(job.Inputs.Keys, from.Place, from.RecordsPerBatch(settings.Rate)), job));
    }

    /// <summary>Starts the stream that buries what the jobs cannot read: one for all of them, which reads their topics once.</summary>
    public static RunningJob StartDeadLetters(SparkSession session, Kafka kafka, IReadOnlyList<Job> jobs, string checkpoints, StreamSettings settings, bool fresh)
    {
        string[] topics = [.. jobs.SelectMany(job => job.Inputs.Keys).Distinct().Order(StringComparer.Ordinal)];
        // What Kafka has deleted nobody can bury any more; the jobs say that it is lost.
        var letters = Events.DeadLetters(kafka.Stream(topics, Place.Oldest, settings.Rate, failOnDataLoss: false), jobs);
        // It remembers nothing but offsets, which fit whatever it makes of the same topics for the same jobs.
        var checkpoint = Checkpoint.Open(session, checkpoints, DeadLetters, Checkpoint.VersionOf(topics.Concat(jobs.Select(job => job.Source))), fresh);
        var query = kafka.Write(letters, Topics.DeadLetters)
            .QueryName(DeadLetters)
            .OutputMode(Job.Append)
            .Option("checkpointLocation", checkpoint.Query)
            .Trigger(TriggerFor(settings.Interval is null || settings.Interval > DeadLetterInterval ? settings.Interval : DeadLetterInterval))
            .Start();
        return new RunningJob(DeadLetters, query, metrics: null, lateEvents: null);
    }

    /// <summary>One line for each batch with rows that ended since the last call.</summary>
    public IEnumerable<string> NewProgress()
    {
        if (metrics is null || query.LastProgress() is not { } last || last.Json == newest)
            yield break;
        newest = last.Json;
        // Also of a batch without rows, which forgets what the watermark has passed.
        state = last.StateRows;
        metrics.Show(name, last);
        // All that Spark keeps is asked for only where there can be one between the last look and this.
        var recent = last.BatchId <= lastBatch + 1 ? [last] : query.RecentProgress();
        foreach (var batch in recent.Where(batch => batch.BatchId > lastBatch && batch.NumInputRows > 0).OrderBy(batch => batch.BatchId))
        {
            lastBatch = batch.BatchId;
            batches++;
            rows += batch.NumInputRows;
            late += batch.RowsDroppedByWatermark;
            busy += batch.BatchDuration;
            metrics.Count(name, batch);
            lateEvents?.Tell(batch);
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{name} batch {batch.BatchId}: {batch.NumInputRows:N0} rows in {batch.BatchDuration.TotalSeconds:0.0} s ({batch.ProcessedRowsPerSecond:N0} rows/s), watermark {(batch.Watermark is { } time ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "none yet")}, state {batch.StateRows:N0} rows{(batch.RowsDroppedByWatermark > 0 ? $", {batch.RowsDroppedByWatermark:N0} too late" : "")}");
        }
    }

    /// <summary>What the batches that <see cref="NewProgress"/> told of come to.</summary>
    public string Summary() => string.Create(
        CultureInfo.InvariantCulture,
        $"{rows:N0} rows in {batches:N0} batch{(batches == 1 ? "" : "es")}, {busy.TotalSeconds:0.0} s ({(rows == 0 ? 0 : rows / busy.TotalSeconds):N0} rows/s), state {state:N0} rows, {late:N0} too late");

    /// <summary>Waits for the end, but not longer than a time; false when the stream still runs. Throws what made it fail.</summary>
    public bool AwaitEnd(TimeSpan time) => query.AwaitTermination(time);

    /// <summary>Stops the stream; the next start goes on from its checkpoint.</summary>
    public void Stop() => query.Stop();

    static Trigger TriggerFor(TimeSpan? interval) => interval is { } time
        ? Trigger.ProcessingTime(string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMilliseconds} milliseconds"))
        : Trigger.AvailableNow();
}
