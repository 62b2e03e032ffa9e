using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>What an error means to a job that is to stay up.</summary>
static class Failure
{
    const int LongestLine = 400;
    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);

    // What Spark says when the plan or its settings do not fit the state that it finds, and when a file of the state is gone or broken.
    static readonly string[] ForeignState =
    [
        "STATE_STORE", "STREAMING_STATEFUL", "CANNOT_LOAD_STATE_STORE.CANNOT_READ", "CANNOT_LOAD_STATE_STORE.INVALID", "CANNOT_LOAD_STATE_STORE.KEY_ROW", "CANNOT_LOAD_STATE_STORE.UNRELEASED",
    ];

    /// <summary>How long to wait after so many failures in a row: 1 s, 2 s, 4 s … a minute.</summary>
    public static TimeSpan Pause(int failures) => FirstPause * Math.Min(LongestPause / FirstPause, Math.Pow(2, failures - 1));

    /// <summary>True when the server does not answer any more, or is another than the one that the session was on.</summary>
    public static bool IsGone(Exception error) =>
        error is SparkConnectionException || (error is SparkException spark && spark.Chain().Any(e => e.ErrorClass?.StartsWith("INVALID_HANDLE.SESSION", StringComparison.Ordinal) == true));

    /// <summary>The error as the job's end, where another start from the same checkpoint would meet it again; null where it may pass.</summary>
    public static JobException? Lasting(Exception error, string job)
    {
        if (error is JobException { ExitCode: not ExitCodes.KafkaUnreachable } said)
            return said;
        if (error is not SparkException spark)
            return null;
        return spark.Chain().Any(IsForeign)
            ? new JobException(ExitCodes.ForeignCheckpoint, $"its checkpoint does not fit, or is damaged: {Cause(spark)}; `./run-spark-job.sh {job} --fresh` starts it anew with what Kafka has", error)
            : null;
    }

    /// <summary>What was at the bottom of it, in one line.</summary>
    public static string Cause(Exception error) => InALine((error is SparkException spark ? spark.Chain().Last() : error).Message);

    public static string InALine(string text)
    {
        var line = string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.Length <= LongestLine ? line : line[..LongestLine] + " …";
    }

    static bool IsForeign(SparkException error) =>
        error.Message.Contains("checkpoint offsets", StringComparison.Ordinal)
        || (error.ErrorClass is { } name && ForeignState.Any(state => name.StartsWith(state, StringComparison.Ordinal)));
}
