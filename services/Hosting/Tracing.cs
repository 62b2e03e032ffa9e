using System.Diagnostics;

namespace Ecom.Hosting;

/// <summary>One trace per order: what waits in a queue keeps the <c>traceparent</c> of what put it there, and goes on under it.</summary>
public static class Tracing
{
    public const string Name = "Ecom";

    static readonly ActivitySource Source = new(Name);

    /// <summary>Without an exporter spans are made all the same, unsampled: the trace's id still goes through all queues and into all logs.</summary>
    static Tracing() => ActivitySource.AddActivityListener(new()
    {
        ShouldListenTo = source => source.Name == Name,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.PropagationData,
    });

    /// <summary>Goes on with the trace that <paramref name="traceParent"/> (W3C) names; without one the running span's, else a new one.</summary>
    public static Activity? Follow(string what, string? traceParent, ActivityKind kind = ActivityKind.Consumer) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent) ? Source.StartActivity(what, kind, parent) : Source.StartActivity(what, kind);
}
