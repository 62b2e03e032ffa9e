using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Hosting;

/// <param name="Heartbeat">After so long without an event a follower hears that the line still stands.</param>
/// <param name="Most">How many may follow, or wait for what they want to follow, at once.</param>
public sealed record FollowOptions(TimeSpan Heartbeat, int Most)
{
    public static FollowOptions Of(IConfiguration settings) => new(settings.Seconds("FOLLOW_HEARTBEAT_SECONDS", 15), settings.Int("FOLLOW_MOST", 1000, 1, 100_000));
}

/// <summary>Server-sent events, written by hand: the framework's own cannot write a comment, and without one in a while a proxy takes the line for dead.</summary>
public sealed class EventStream
{
    public const string ContentType = "text/event-stream";
    readonly HttpResponse response;

    EventStream(HttpResponse response) => this.response = response;

    public static async Task<EventStream> Begin(HttpResponse response, CancellationToken ct)
    {
        (response.ContentType, response.Headers.CacheControl) = (ContentType, "no-cache");
        // A proxy such as nginx would collect the events first.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.Body.FlushAsync(ct);
        return new(response);
    }

    /// <param name="id">What a browser says it has heard last when it comes back; null: nothing.</param>
    public Task Tell<T>(string name, T data, CancellationToken ct, string? id = null) =>
        Write($"{(id is null ? "" : $"id: {id}\n")}event: {name}\ndata: {JsonSerializer.Serialize(data, Json.Options)}\n\n", ct);

    /// <summary>Without an event, only so that the line is not taken for dead.</summary>
    public Task Beat(CancellationToken ct) => Write(": still here\n\n", ct);

    async Task Write(string text, CancellationToken ct)
    {
        await response.WriteAsync(text, ct);
        await response.Body.FlushAsync(ct);
    }
}
