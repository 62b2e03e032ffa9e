using System.Diagnostics;
using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>What every stream stands on: a Spark server and a broker. One stream at a time waits for them, and says so once for all.</summary>
sealed class Ground(RunOptions options, TextWriter output) : IDisposable
{
    // Spark keeps the progress of a hundred batches, each a long text, and hands out all of them whenever it is asked.
    const string ProgressKept = "20";
    const string PartitionsKey = "spark.sql.shuffle.partitions", StoreKey = "spark.sql.streaming.stateStore.providerClass", ZoneKey = "spark.sql.session.timeZone";

    readonly SemaphoreSlim gate = new(1);

    /// <summary>The settings that the program makes itself, each with where it is said instead.</summary>
    public static IReadOnlyDictionary<string, string> Taken { get; } = new Dictionary<string, string>
    {
        [PartitionsKey] = "say --partitions",
        [StoreKey] = "say --store",
        [ZoneKey] = "the jobs count in UTC",
    };

    /// <summary>Fails at once, in plain words, when the server or the broker is not there or lacks a topic.</summary>
    public void Check()
    {
        using var session = Connect(new StreamSettings(options.Interval));
        new Kafka(session, options.Brokers).Check(options.Jobs.SelectMany(job => job.Inputs.Keys.Append(job.OutputTopic)).Append(Contracts.Topics.DeadLetters));
    }

    /// <summary>A session for a stream, without waiting.</summary>
    public SparkSession Connect(StreamSettings settings)
    {
        var builder = SparkSession.Builder().Remote(options.Remote)
            .Config(ZoneKey, "UTC")
            .Config(PartitionsKey, $"{settings.Partitions}")
            .Config(StoreKey, settings.StoreClass)
            .Config("spark.sql.streaming.numRecentProgressUpdates", ProgressKept);
        foreach (var (key, value) in options.Conf)
            builder.Config(key, value);
        try
        {
            return builder.GetOrCreate();
        }
        catch (SparkException e) when (e.ErrorClass is { } error && (error.StartsWith("CANNOT_MODIFY_", StringComparison.Ordinal) || error.StartsWith("INVALID_CONF_VALUE", StringComparison.Ordinal)))
        {
            throw new JobException(ExitCodes.WrongCall, $"--conf: {Failure.InALine(e.Message)}", e);
        }
    }

    /// <summary>A session for a stream that lost its own: waits until the server and the broker are there.</summary>
    /// <exception cref="OperationCanceledException">It was stopped while it waited.</exception>
    /// <exception cref="JobException">Kafka lacks one of the topics.</exception>
    public SparkSession Await(StreamSettings settings, IEnumerable<string> topics, CancellationToken stop)
    {
        gate.Wait(stop);
        try
        {
            var clock = Stopwatch.StartNew();
            string? told = null;
            for (var tries = 1; ; tries++)
            {
                if (Try(settings, topics, out var reason) is { } session)
                {
                    if (told is not null)
                        output.WriteLine($"Spark and Kafka are there again after {clock.Elapsed.TotalSeconds:0} s; the jobs go on from their checkpoints");
                    return session;
                }
                if (told is null)
                    output.WriteLine($"{told = reason}; the jobs wait for it");
                if (stop.WaitHandle.WaitOne(Failure.Pause(tries)))
                    throw new OperationCanceledException(stop);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    SparkSession? Try(StreamSettings settings, IEnumerable<string> topics, out string reason)
    {
        SparkSession? session = null;
        try
        {
            session = Connect(settings);
            new Kafka(session, options.Brokers).Check(topics);
            reason = "";
            return session;
        }
        catch (Exception e) when (Failure.IsGone(e) || e is KafkaAwayException)
        {
            reason = Failure.InALine(e.Message);
            options.Revive?.Invoke();
        }
        catch
        {
            session?.Dispose();
            throw;
        }
        session?.Dispose();
        return null;
    }
}
