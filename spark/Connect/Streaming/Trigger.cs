using System.Globalization;
using Ecom.Spark.Connect.Protocol;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>When a stream takes its next batch.</summary>
public sealed class Trigger
{
    readonly Action<WriteStreamOperationStart> apply;

    Trigger(Action<WriteStreamOperationStart> apply) => this.apply = apply;

    /// <summary>At most one batch per interval, for example <c>1 second</c>; 0 for as fast as it goes.</summary>
    public static Trigger ProcessingTime(string interval) => new(start => start.ProcessingTimeInterval = interval);

    /// <summary>At most one batch per so many milliseconds.</summary>
    public static Trigger ProcessingTime(long milliseconds) => ProcessingTime(Interval(milliseconds));

    /// <summary>Everything that is there now, in as many batches as it takes, then the stream ends.</summary>
    public static Trigger AvailableNow() => new(start => start.AvailableNow = true);

    /// <summary>The same as <see cref="AvailableNow"/>: Spark's own Once, which took everything in one batch whatever its size, is deprecated.</summary>
    public static Trigger Once() => AvailableNow();

    /// <summary>Row by row instead of in batches, with a checkpoint per interval; only for what Spark's continuous mode knows: maps and filters, from Kafka to Kafka.</summary>
    public static Trigger Continuous(string interval) => new(start => start.ContinuousCheckpointInterval = interval);

    /// <summary>Row by row, with a checkpoint per so many milliseconds.</summary>
    public static Trigger Continuous(long milliseconds) => Continuous(Interval(milliseconds));

    internal void Apply(WriteStreamOperationStart start) => apply(start);

    static string Interval(long milliseconds) => string.Create(CultureInfo.InvariantCulture, $"{milliseconds} milliseconds");
}
