using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>Computes jobs over a range of event time that is over, and ends.</summary>
public static class RangeRunner
{
    /// <summary>Sends the rows with a row time in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    /// <exception cref="JobException">Not all of them are final; or what ends a job.</exception>
    public static int Run(RunOptions options, DateTimeOffset from, DateTimeOffset to, TextWriter output, CancellationToken stop, long eventsPerChunk = Past.EventsPerChunk)
    {
        if (from >= to)
            throw new JobException(ExitCodes.WrongCall, $"--from {Past.Text(from)} must be before --to {Past.Text(to)}");
        using var ground = new Ground(options, output);
        ground.Check();
        using var session = ground.Connect(new StreamSettings(Interval: null));
        var kafka = new Kafka(session, options.Brokers);
        try
        {
            foreach (var job in options.Jobs)
                CheckIsOver(kafka, job, from, to);
            foreach (var job in options.Jobs)
                Compute(session, kafka, job, $"{options.Checkpoints.TrimEnd('/')}/ranges/{job.Name}", (from, to), output, eventsPerChunk, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            output.WriteLine("stopped; the same call does it again from the beginning");
        }
        catch (SparkException e) when (e is not SparkConnectionException)
        {
            throw new JobException(ExitCodes.QueryFailed, $"a query failed: {Failure.Cause(e)}", e);
        }
        return ExitCodes.Done;
    }

    static void Compute(SparkSession session, Kafka kafka, Job job, string folder, (DateTimeOffset From, DateTimeOffset To) range, TextWriter output, long eventsPerChunk, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        using var staged = Staged.Fill(session, kafka, job, folder, range.From, range.To + job.Reach);
        var events = staged.Hours.Sum(hour => hour.Events);
        output.WriteLine($"{job.Name} read: {Past.Rate(events, clock.Elapsed)}");
        var from = range.From;
        if (Past.CompleteSince(kafka, job, staged.FirstOffsets, from) is { } complete && complete > from)
        {
            from = complete;
            output.WriteLine($"{job.Name}: of what lies before {Past.Text(complete)} Kafka has no longer everything; these rows are left as they are");
        }
        var chunks = Past.Compute(staged, kafka, job, from, range.To, output, stop, eventsPerChunk);
        output.WriteLine($"{job.Name} is done: {Past.Rate(events, clock.Elapsed)} in {chunks} chunk{(chunks == 1 ? "" : "s")}");
    }

    /// <summary>A stream would have told these rows for the last time: there is an event that makes late whatever could still change them.</summary>
    static void CheckIsOver(Kafka kafka, Job job, DateTimeOffset from, DateTimeOffset to)
    {
        var end = to + job.Reach + AnalyticsRules.Lateness;
        if (Events.Valid(kafka.Table(job, Staged.WrittenWith(end)), job).Filter(Col("event_time") >= end).Limit(1).Collect().Count > 0)
            return;
        var newest = kafka.Newest(job, Staged.WrittenWith(from));
        throw new JobException(ExitCodes.WrongCall, newest is { } time
            ? $"{job.Name}: the rows up to {Past.Text(to)} are not final yet; Kafka has events up to {Past.Text(time)}, so --to may be {Past.Text(time - AnalyticsRules.Lateness - job.Reach)} at most"
            : $"{job.Name}: Kafka has no events since {Past.Text(from)}");
    }
}
