using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>
/// Keeps one stream up: what passes (a server, a broker, a failed batch) is waited out, and the stream starts again from its checkpoint;
/// what does not pass ends this stream and no other. A stream that runs over what is there and ends is not kept up: it says what failed.
/// </summary>
/// <param name="topics">Without which it cannot run.</param>
/// <param name="from">What it reads and where that goes, in words.</param>
/// <param name="start">Starts it; the flag says that it begins anew.</param>
sealed class Supervisor(string name, IEnumerable<string> topics, string from, Func<SparkSession, Kafka, bool, RunningJob> start)
{
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    bool started;
    int failures;

    /// <summary>Returns when the stream has ended, was stopped, or cannot go on: with its exit code.</summary>
    /// <exception cref="SparkConnectionException">The server went away from a stream that ends by itself.</exception>
    public int Keep(RunOptions options, Ground ground, JobMetrics metrics, TextWriter output, CancellationToken stop)
    {
        var settings = options.For(name);
        var kept = settings.Interval is not null;
        for (var first = true; ; first = false)
        {
            try
            {
                using var session = first ? ground.Connect(settings) : ground.Await(settings, topics, stop);
                var running = start(session, new Kafka(session, options.Brokers), options.Fresh && !started);
                started = true;
                output.WriteLine($"{name} started: {from}");
                return Watch(running, kept, output, stop);
            }
            catch (OperationCanceledException)
            {
                output.WriteLine($"{name} stopped while it waited; the next start goes on from its checkpoint");
                return ExitCodes.Done;
            }
            catch (Exception e) when (e is JobException or SparkException)
            {
                if (stop.IsCancellationRequested)
                {
                    output.WriteLine($"{name} stopped: {Failure.Cause(e)}; the next start goes on from its checkpoint");
                    return ExitCodes.Done;
                }
                if (Failure.Lasting(e, name) is { } end)
                {
                    output.WriteLine($"{name} cannot go on: {end.Message}");
                    return end.ExitCode;
                }
                if (!kept && e is SparkConnectionException)
                    throw;
                if (!kept)
                {
                    output.WriteLine($"{name} failed: {Failure.Cause(e)}");
                    return e is JobException said ? said.ExitCode : ExitCodes.QueryFailed;
                }
                metrics.Restarted(name);
                if (Failure.IsGone(e))
                {
                    output.WriteLine($"{name} lost its server: {Failure.Cause(e)}");
                    continue;
                }
                var pause = Failure.Pause(++failures);
                output.WriteLine($"{name} failed: {Failure.Cause(e)}; it starts again from its checkpoint in {pause.TotalSeconds:0} s");
                stop.WaitHandle.WaitOne(pause);
            }
        }
    }

    int Watch(RunningJob running, bool kept, TextWriter output, CancellationToken stop)
    {
        for (var looks = 0; ;)
        {
            var ended = running.AwaitEnd(Look);
            Tell();
            if (stop.IsCancellationRequested)
            {
                running.Stop();
                Tell();
                output.WriteLine($"{name} stopped: {running.Summary()}; the next start goes on from here");
                return ExitCodes.Done;
            }
            if (!ended)
                continue;
            if (!kept)
            {
                output.WriteLine($"{name} is done: {running.Summary()}");
                return ExitCodes.Done;
            }
            // A server that goes down stops its streams first: the second look finds it gone.
            if (looks++ == 0 && !stop.WaitHandle.WaitOne(Look))
                continue;
            output.WriteLine($"{name} was stopped by somebody else, most likely another program on its checkpoint; it is left to that");
            return ExitCodes.QueryFailed;
        }

        void Tell()
        {
            foreach (var line in running.NewProgress())
            {
                output.WriteLine(line);
                failures = 0;
            }
        }
    }
}
