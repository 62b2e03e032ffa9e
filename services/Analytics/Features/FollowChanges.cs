using System.Reflection;
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

public sealed class ChangeStream(JournalNews.Listener listener, TimeSpan heartbeat, TimeProvider clock, CancellationToken stopping) : IResult, IEndpointMetadataProvider
{
    /// <summary>What comes in this time after a change is told with the next: nobody looks faster.</summary>
    static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(250);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        var stream = await EventStream.Begin(httpContext.Response, end.Token);
        try
        {
            while (true)
                if (await listener.Next(heartbeat, end.Token) is not { } change)
                    await stream.Beat(end.Token);
                else
                {
                    await stream.Tell("change", new ChangeResponse([.. change.Tables.Order()], change.Orders is null ? null : [.. change.Orders.Order()]), end.Token);
                    await Task.Delay(Breath, clock, end.Token);
                }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Ended, not cut off.
        }
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(ChangeResponse), [EventStream.ContentType]));
}
