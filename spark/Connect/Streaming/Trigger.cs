using Ecom.Spark.Connect.Protocol;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>When a stream takes its next batch.</summary>
public sealed class Trigger
{
    readonly Action<WriteStreamOperationStart> apply;

    Trigger(Action<WriteStreamOperationStart> apply) => this.apply = apply;

    /// <summary>At most one batch per interval, for example <c>1 second</c>; 0 for as fast as it goes.</summary>
    public static Trigger ProcessingTime(string interval) => new(start => start.ProcessingTimeInterval = interval);

    /// <summary>Everything that is there now, in as many batches as it takes, then the stream ends.</summary>
    public static Trigger AvailableNow() => new(start => start.AvailableNow = true);

    internal void Apply(WriteStreamOperationStart start) => apply(start);
}
