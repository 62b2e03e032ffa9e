using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>What the command line says.</summary>
/// <param name="Interval">How often a batch is taken; null: over what is there, then the end.</param>
/// <param name="RecordsPerBatch">The most that a batch reads.</param>
/// <param name="Metrics">The address under which Prometheus reads them; null: nowhere.</param>
public sealed record RunOptions(IReadOnlyList<Job> Jobs, string Remote, string Brokers, string Checkpoints, TimeSpan? Interval, string? Metrics = null, int RecordsPerBatch = Kafka.DefaultRecordsPerBatch);

/// <summary>Runs jobs until they end, fail or are stopped.</summary>
public static class JobRunner
{
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    // As many as a topic of the shop has partitions would be three; two are quicker on the two cores of a small machine.
    const string Partitions = "2";

    public static int Run(RunOptions options, TextWriter output, CancellationToken stop)
    {
        using var metrics = JobMetrics.Serve(options.Metrics);
        using var session = Connect(options.Remote);
        var kafka = new Kafka(session, options.Brokers, options.RecordsPerBatch);
        kafka.Check(options.Jobs);
        List<RunningJob> running = [];
        try
        {
            foreach (var job in options.Jobs)
            {
                running.Add(RunningJob.Start(session, kafka, job, options.Checkpoints, options.Interval, metrics, output, stop));
                output.WriteLine($"{job.Name} started: {string.Join(", ", job.Inputs.Keys)} -> {job.OutputTopic}");
            }
            Watch(session, running, output, stop);
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            output.WriteLine("stopped while it caught up; the next start does that again");
            return ExitCodes.Done;
        }
        catch (SparkException e) when (e is not SparkConnectionException)
        {
            throw Explain(e);
        }
        finally
        {
            StopAll(running);
        }
    }

    internal static SparkSession Connect(string remote) => SparkSession.Builder().Remote(remote)
        .Config("spark.sql.session.timeZone", "UTC")
        .Config("spark.sql.shuffle.partitions", Partitions)
        .GetOrCreate();

    static void Watch(SparkSession session, List<RunningJob> running, TextWriter output, CancellationToken stop)
    {
        while (running.Count > 0)
        {
            var cancelled = stop.WaitHandle.WaitOne(Look);
            var active = session.Streams().Active().Select(query => query.Id).ToHashSet();
            foreach (var job in running.ToList())
            {
                foreach (var line in job.NewProgress())
                    output.WriteLine(line);
                if (!job.Ended(active))
                    continue;
                running.Remove(job);
                output.WriteLine($"{job.Name} is done: {job.Summary()}");
            }
            if (!cancelled)
                continue;
            foreach (var job in running)
            {
                job.Stop();
                output.WriteLine($"{job.Name} stopped: {job.Summary()}; the next start goes on from here");
            }
            running.Clear();
        }
    }

    static void StopAll(List<RunningJob> running)
    {
        try
        {
            running.ForEach(job => job.Stop());
        }
        catch (SparkException)
        {
            // On the way out of an error that is told already; the end of the session ends its streams.
        }
    }

    internal static JobException Explain(SparkException error)
    {
        var root = error.Chain().Last();
        // What Spark says when the plan or its settings do not fit the state that it finds.
        var foreign = error.Chain().Any(e => e.Message.Contains("checkpoint offsets", StringComparison.Ordinal)
            || e.ErrorClass?.StartsWith("STATE_STORE", StringComparison.Ordinal) == true
            || e.ErrorClass?.StartsWith("STREAMING_STATEFUL", StringComparison.Ordinal) == true);
        return foreign
            ? new JobException(ExitCodes.ForeignCheckpoint, $"the checkpoint does not fit the query: {root.Message}", error)
            : new JobException(ExitCodes.QueryFailed, $"a query failed: {root.Message}", error);
    }
}
