using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>What the command line says.</summary>
/// <param name="Interval">How often a batch is taken; null: over what is there, then the end.</param>
/// <param name="Metrics">The address under which Prometheus reads them; null: nowhere.</param>
public sealed record RunOptions(IReadOnlyList<Job> Jobs, string Remote, string Brokers, string Checkpoints, TimeSpan? Interval, string? Metrics = null)
{
    /// <summary>Settings of the sessions, beside the program's own.</summary>
    public IReadOnlyDictionary<string, string> Conf { get; init; } = new Dictionary<string, string>();

    /// <summary>Begins anew with what Kafka has, although there are checkpoints.</summary>
    public bool Fresh { get; init; }

    /// <summary>How the stream of a name runs, where it is not as all others.</summary>
    public IReadOnlyDictionary<string, StreamSettings> Own { get; init; } = new Dictionary<string, StreamSettings>();

    /// <summary>Called while the server does not answer: starts it again, where it is this program's own; null: it is not.</summary>
    public Action? Revive { get; init; }

    /// <summary>How the stream of a name runs.</summary>
    public StreamSettings For(string stream) => Own.GetValueOrDefault(stream) ?? new(Interval);
}

/// <summary>Runs jobs until they end, cannot go on or are stopped.</summary>
public static class JobRunner
{
    /// <summary>Returns when every stream has ended: with the exit code of the first that could not go on.</summary>
    /// <exception cref="JobException">Spark or Kafka is not there, or Kafka lacks a topic.</exception>
    /// <exception cref="SparkConnectionException">Spark is not there, or went away while it ran over what was there.</exception>
    public static int Run(RunOptions options, TextWriter output, CancellationToken stop)
    {
        using var metrics = JobMetrics.Serve(options.Metrics);
        var lines = TextWriter.Synchronized(output);
        using var ground = new Ground(options, lines);
        ground.Check();
        List<Supervisor> streams =
        [
            .. options.Jobs.Select(job => new Supervisor(
                job.Name, job.Inputs.Keys.Append(job.OutputTopic), $"{string.Join(", ", job.Inputs.Keys)} -> {job.OutputTopic}",
                (session, kafka, fresh) => RunningJob.Start(session, kafka, job, options.Checkpoints, options.For(job.Name), fresh, metrics, lines, stop))),
            new(
                RunningJob.DeadLetters, [Contracts.Topics.DeadLetters], $"what no job can read -> {Contracts.Topics.DeadLetters}",
                (session, kafka, fresh) => RunningJob.StartDeadLetters(session, kafka, options.Jobs, options.Checkpoints, options.For(RunningJob.DeadLetters), fresh)),
        ];
        var ends = streams.Select(stream => Task.Factory.StartNew(() => stream.Keep(options, ground, metrics, lines, stop), TaskCreationOptions.LongRunning)).ToArray();
        return Task.WhenAll(ends).GetAwaiter().GetResult().FirstOrDefault(code => code != ExitCodes.Done);
    }
}
