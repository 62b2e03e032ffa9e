using System.Diagnostics;
using DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

static class Tracing
{
    static readonly ActivitySource Source = new("Dapr.Workflow");

    public static Activity? Start(string kind, string name, string instanceId, TraceContext? parent)
    {
        if (!Source.HasListeners())
            return null;
        ActivityContext.TryParse(parent?.TraceParent, parent?.TraceState, isRemote: true, out var context);
        var span = Source.StartActivity($"{kind} {name}", ActivityKind.Server, context);
        span?.SetTag("workflow.instance_id", instanceId);
        return span;
    }

    public static void Fail(this Activity span, Exception error)
    {
        span.SetStatus(ActivityStatusCode.Error, error.Message);
        span.AddException(error);
    }

    public static TraceContext? Current() => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } activity
        ? new TraceContext { TraceParent = id, SpanID = activity.SpanId.ToHexString(), TraceState = activity.TraceStateString }
        : null;
}
