using System.Reflection;
using System.Security.Claims;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>One change of an order's status; <see cref="Ended"/> is the last.</summary>
public sealed record StatusChange(string OrderId, string Status, DateTimeOffset UpdatedAt, bool Ended, string? CancellationSource, string? CancelReason);

/// <summary>
/// Server-sent events: the present status at once, then each change until the order has ended. A browser comes back when the stream ends
/// and says what it has heard last; when that was the order's end it is answered 204, which is the end for it too.
/// </summary>
public static class FollowOrder
{
    public static async Task<Results<StatusStream, NoContent, ProblemHttpResult>> Stream(
        [FromRoute(Name = "order_id")] string orderId, [FromHeader(Name = "Last-Event-ID")] string? lastEventId,
        OrderWatch watch, OrderStatuses statuses, FollowOptions options, TimeProvider clock, HttpContext http)
    {
        var (now, refusal) = await watch.Await(orderId, () => statuses.Of(orderId, http.User, http.RequestAborted), http.RequestAborted);
        if (refusal is not null)
            return refusal;
        if (now!.Ended && StatusStream.IdOf(now) == lastEventId)
            return TypedResults.NoContent();
        if (watch.Listen(orderId) is not { } bell)
            return OrderWatch.TooMany();
        http.Response.RegisterForDispose(bell);
        return new StatusStream(orderId, http.User, lastEventId, bell, watch, statuses, options.Heartbeat, clock);
    }
}

/// <summary>Reads an order's status with a context of its own, which a stream does not keep between two looks.</summary>
public sealed class OrderStatuses(IServiceScopeFactory scopes)
{
    public async Task<StatusChange?> Of(string orderId, ClaimsPrincipal caller, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<OrderDb>().OrdersFor(caller).Where(o => o.OrderId == orderId)
            .Select(o => new StatusChange(o.OrderId, o.Status.ToString(), o.UpdatedAt, o.ClosedAt != null, o.CancellationSource, o.CancelReason)).SingleOrDefaultAsync(ct);
    }
}

/// <summary>The answer: each change, and a word that the line still stands.</summary>
public sealed class StatusStream(string orderId, ClaimsPrincipal caller, string? lastEventId, OrderWatch.Bell bell, OrderWatch watch, OrderStatuses statuses, TimeSpan heartbeat, TimeProvider clock)
    : IResult, IEndpointMetadataProvider
{
    /// <summary>A status comes once in an order's life, so that it is the event's id.</summary>
    public static string IdOf(StatusChange change) => change.Ended ? $"{change.Status}-ENDED" : change.Status;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var ct = httpContext.RequestAborted;
        var stream = await EventStream.Begin(httpContext.Response, ct);
        var (heard, beat) = (lastEventId, clock.GetUtcNow() + heartbeat);
        while (!watch.IsStopping)
        {
            var now = await Look(ct);
            var isNews = now is not null && IdOf(now) != heard;
            if (isNews || clock.GetUtcNow() >= beat)
            {
                await (isNews ? stream.Tell("status", now!, ct, IdOf(now!)) : stream.Beat(ct));
                (heard, beat) = (now is null ? heard : IdOf(now), clock.GetUtcNow() + heartbeat);
            }
            if (now is { Ended: true })
                return;
            await bell.Wait(beat - clock.GetUtcNow(), ct);
        }
    }

    /// <summary>While the database is away there is nothing new: a browser does not come back to a stream that it was once refused.</summary>
    async Task<StatusChange?> Look(CancellationToken ct)
    {
        try
        {
            return await statuses.Of(orderId, caller, ct);
        }
        catch (Exception e) when (Transient.Is(e))
        {
            return null;
        }
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(StatusChange), [EventStream.ContentType]));
}
