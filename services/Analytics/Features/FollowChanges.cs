using System.Reflection;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;

namespace Ecom.Analytics;

/// <summary>What a reader should look at again.</summary>
/// <param name="Orders">Null: any order may have changed.</param>
public sealed record ChangeResponse(IReadOnlyList<string> Tables, IReadOnlyList<string>? Orders);

/// <summary>Server-sent events: each change of a table, told after its commit, a burst as one. It ends when the service stops; a browser comes back by itself.</summary>
public static class FollowChanges
{
    public static Results<ChangeStream, ProblemHttpResult> Stream(JournalNews news, FollowOptions options, IHostApplicationLifetime life, TimeProvider clock, HttpContext http)
    {
        if (news.TryListen(options.Most) is not { } listener)
            return Problems.Busy("Too many follow right now. Try again.");
        http.Response.RegisterForDispose(listener);
        return new ChangeStream(listener, options.Heartbeat, clock, life.ApplicationStopping);
    }
}

/// <param name="Heartbeat">After so long without a change a follower hears that the line still stands.</param>
/// <param name="Most">How many may follow at once.</param>
public sealed record FollowOptions(TimeSpan Heartbeat, int Most);

public sealed class ChangeStream(JournalNews.Listener listener, TimeSpan heartbeat, TimeProvider clock, CancellationToken stopping) : IResult, IEndpointMetadataProvider
{
    const string ContentType = "text/event-stream";

    /// <summary>What comes in this time after a change is told with the next: nobody looks faster.</summary>
    static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(250);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        (response.ContentType, response.Headers.CacheControl) = (ContentType, "no-cache");
        // A proxy such as nginx would collect the events first.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.Body.FlushAsync(end.Token);
        try
        {
            while (true)
            {
                var change = await listener.Next(heartbeat, end.Token);
                await response.WriteAsync(change is null ? ": still here\n\n" : Event(change), end.Token);
                await response.Body.FlushAsync(end.Token);
                if (change is not null)
                    await Task.Delay(Breath, clock, end.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Ended, not cut off.
        }
    }

    static string Event(JournalChange change) =>
        $"event: change\ndata: {JsonSerializer.Serialize(new ChangeResponse([.. change.Tables.Order()], change.Orders is null ? null : [.. change.Orders.Order()]), Json.Options)}\n\n";

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(ChangeResponse), [ContentType]));
}
