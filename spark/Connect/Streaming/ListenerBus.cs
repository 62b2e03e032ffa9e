using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>The listeners of one session: one operation on the server, open while there are any, brings what they hear.</summary>
internal sealed class ListenerBus(SparkClient client) : IAsyncDisposable
{
    readonly SemaphoreSlim turn = new(1);
    readonly CancellationTokenSource closing = new();
    ImmutableArray<StreamingQueryListener> listeners = [];
    Task? reading;

    public async Task Add(StreamingQueryListener listener)
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (reading is null or { IsCompleted: true })
                reading = await Open().ConfigureAwait(false);
            listeners = listeners.Add(listener);
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task Remove(StreamingQueryListener listener)
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            listeners = listeners.Remove(listener);
            if (listeners.IsEmpty && reading is { } last)
            {
                reading = null;
                await client.ExecuteCommand(new() { StreamingQueryListenerBusCommand = new() { RemoveListenerBusListener = true } }).ConfigureAwait(false);
                await last.ConfigureAwait(false);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The server tells of a start in its answer to it, not on the bus.</summary>
    public void Started(string json) => Tell(json, (listener, e) =>
        listener.OnQueryStarted(new(Text(e, "id")!, Text(e, "runId")!, Text(e, "name"), e.GetProperty("timestamp").GetDateTimeOffset())));

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        try
        {
            await (reading ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or SparkException)
        {
            // The session ends, and nobody listens any more.
        }
        closing.Dispose();
        turn.Dispose();
    }

    /// <summary>Returns when the server listens; the task that is returned ends with the last listener.</summary>
    async Task<Task> Open()
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var open = client.Execute(
            new Plan { Command = new() { StreamingQueryListenerBusCommand = new() { AddListenerBusListener = true } } },
            response =>
            {
                var result = response.StreamingQueryListenerEventsResult;
                if (result?.ListenerBusListenerAdded == true)
                    opened.TrySetResult();
                foreach (var told in result?.Events ?? [])
                    Hear(told);
            },
            closing.Token);
        await (await Task.WhenAny(opened.Task, open).ConfigureAwait(false)).ConfigureAwait(false);
        return open;
    }

    void Hear(StreamingQueryListenerEvent told)
    {
        Action<StreamingQueryListener, JsonElement>? tell = told.EventType switch
        {
            StreamingQueryEventType.QueryProgressEvent => (listener, e) => listener.OnQueryProgress(StreamingQueryProgress.Parse(e.GetProperty("progress").GetRawText())),
            StreamingQueryEventType.QueryIdleEvent => (listener, e) => listener.OnQueryIdle(new(Text(e, "id")!, Text(e, "runId")!, e.GetProperty("timestamp").GetDateTimeOffset())),
            StreamingQueryEventType.QueryTerminatedEvent => (listener, e) =>
                listener.OnQueryTerminated(new(Text(e, "id")!, Text(e, "runId")!, Text(e, "exception"), Text(e, "errorClassOnException"))),
            _ => null,
        };
        if (tell is not null)
            Tell(told.EventJson, tell);
    }

    void Tell(string json, Action<StreamingQueryListener, JsonElement> tell)
    {
        if (listeners.IsEmpty)
            return;
        using var document = JsonDocument.Parse(json);
        foreach (var listener in listeners)
        {
            try
            {
                tell(listener, document.RootElement);
            }
#pragma warning disable CA1031 // whatever the listener throws is its own affair
            catch (Exception e)
#pragma warning restore CA1031
            {
                Trace.TraceError($"{listener.GetType().Name} failed: {e}");
            }
        }
    }

    static string? Text(JsonElement e, string name) => e.TryGetProperty(name, out var value) ? value.GetString() : null;
}
