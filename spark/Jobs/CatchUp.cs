using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// The closed past is a batch, the live edge a stream. A stream that reads a backlog in parts reads its topics unevenly, and what is
/// behind the most is dropped as late; so what is over is computed at once before the stream starts, and it takes over behind it.
/// Killed at any moment it is done again, and tells the same rows.
/// </summary>
public static class CatchUp
{
    static readonly TimeSpan Boundary = TimeSpan.FromMinutes(1);

    /// <summary>Where a job's stream begins; if it is far behind, after the rows of the closed past are computed and sent.</summary>
    public static Takeover Prepare(SparkSession session, Kafka kafka, Job job, Checkpoint checkpoint, int rate, TextWriter output, CancellationToken stop)
    {
        var last = Takeover.Last(session, checkpoint);
        var progress = StreamProgress.Of(session, last.Query(checkpoint));
        var backlog = Backlog.Of(kafka, job, progress, last, rate);
        if (progress is not null)
            last = last with { Records = 0 };
        // Only the batches before make an event late: what fits into one batch loses nothing, however long it took to come.
        return !backlog.HasGap && (backlog.Batches <= 1 || IsShort())
            ? last
            : Compute(session, kafka, job, checkpoint, (last, progress?.Watermark, backlog.HasGap), output, stop);

        // The watermark stands a lateness behind what was read.
        bool IsShort() => progress?.Watermark is { } passed && !(kafka.Newest(job, Place.At(progress.Read)) - passed > 2 * AnalyticsRules.Lateness);
    }

    static Takeover Compute(SparkSession session, Kafka kafka, Job job, Checkpoint checkpoint, (Takeover Last, DateTimeOffset? Watermark, bool HasGap) known, TextWriter output, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        // Rows before this one are final, and told.
        var told = known.Watermark is { } passed ? Later(passed - job.Reach, known.Last.From) : known.Last.From;
        using var staged = Staged.Fill(session, kafka, job, checkpoint.Folder + "/staged", told);
        if (staged is not { Oldest: { } oldest, Newest: { } newest } || !known.HasGap && told is null && newest - oldest <= AnalyticsRules.Lateness)
            return known.Last;

        var from = told ?? Floor(oldest - job.Reach);
        var complete = Later(from, Past.CompleteSince(kafka, job, staged.FirstOffsets, told));
        var handover = Later(Floor(newest - AnalyticsRules.Lateness - job.Reach), complete);
        output.WriteLine($"{job.Name} is behind: Kafka has events up to {Past.Text(newest)}; the rows of {Past.Text(complete)} to {Past.Text(handover)} are computed at once, then the stream goes on");
        if (complete > from)
            output.WriteLine($"{job.Name}: of what lies before {Past.Text(complete)} Kafka has no longer everything; these rows are left as they are");
        Past.Compute(staged, kafka, job, complete, handover, output, stop);

        var written = staged.FirstWrittenSince(handover < newest ? handover : newest);
        var next = new Takeover(known.Last.Number + 1, handover, written, written is { } time ? kafka.Table(job, Place.Written(time)).Count() : 0);
        next.Keep(session, checkpoint);
        ServerFolder.Delete(session, known.Last.Query(checkpoint));
        output.WriteLine($"{job.Name} caught up: {Past.Rate(staged.Hours.Sum(hour => hour.Events), clock.Elapsed)}");
        return next;
    }

    static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;

    static DateTimeOffset Floor(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % Boundary.Ticks, TimeSpan.Zero);

    /// <summary>What a stream has before it.</summary>
    /// <param name="Batches">In how many it would be read.</param>
    /// <param name="HasGap">Some of it is there no longer.</param>
    sealed record Backlog(long Batches, bool HasGap)
    {
        public static Backlog Of(Kafka kafka, Job job, StreamProgress? progress, Takeover last, int rate)
        {
            var partitions = kafka.Table(job, progress is null ? last.Place : Place.At(progress.Read), gaps: true)
                .GroupBy(Col("topic"), Col("partition")).Agg(Count().As("records"), Min(Col("offset")).As("first")).Collect();
            var most = progress is null ? last.RecordsPerBatch(rate) : rate;
            return new(
                (partitions.Sum(partition => partition.GetAs<long>("records")) + most - 1) / most + (progress?.IsInBatch == true ? 1 : 0),
                partitions.Any(partition => partition.GetAs<long>("first") > Expected(new(partition.GetAs<string>("topic"), partition.GetAs<int>("partition")))));

            long Expected(Partition partition) => progress?.Read.GetValueOrDefault(partition) ?? (last.Number == 0 ? 0 : long.MaxValue);
        }
    }
}
