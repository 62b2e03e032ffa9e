using System.Text.Json;
using Ecom.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Hosting;

/// <summary>How a slice answers an event: done; again (it may succeed later, for example when an older event has arrived); never.</summary>
public readonly record struct Outcome(Outcome.Kind What, string? Reason)
{
    public enum Kind { Done, Again, Never }

    public static Outcome Done { get; } = new(Kind.Done, null);

    public static Outcome Again(string reason) => new(Kind.Again, reason);

    public static Outcome Never(string reason) => new(Kind.Never, reason);
}

/// <summary>An event's work: it runs inside the transaction of <typeparamref name="TDb"/> that also holds the inbox mark and the outbox.</summary>
public delegate Task<Outcome> Apply<TEvent, TDb>(CloudEvent<TEvent> e, TDb db, IServiceProvider services, CancellationToken ct);

/// <summary>How long a failed event waits before its next attempt; as many waits, as many further attempts.</summary>
public sealed class DeliveryOptions
{
    public IReadOnlyList<TimeSpan> Waits { get; set; } = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];
}

/// <summary>
/// The only place that knows how a subscriber talks to its sidecar. The attempts are made here and not by Dapr's retry policy,
/// because the sidecar tells nobody the number of the attempt, and counts an app that restarts as three failures (ADR 0007).
/// </summary>
public static class TopicRoutes
{
    static readonly byte[] Success = "{\"status\":\"SUCCESS\"}"u8.ToArray(), Retry = "{\"status\":\"RETRY\"}"u8.ToArray();

    public static IEndpointConventionBuilder MapTopic<TEvent, TDb>(this IEndpointRouteBuilder routes, Apply<TEvent, TDb> apply)
        where TEvent : class, IEvent where TDb : ServiceDb =>
        routes.MapDelivery(new() { PubsubName = Components.PubSub, Name = TEvent.Topic, DeadLetterTopic = Topics.DeadLetters },
            (http, body) => new Delivery<TEvent, TDb>(http.RequestServices, body, apply).Run(http.RequestAborted));

    /// <summary>A subscription that takes the delivered bytes as they are: true is answered as SUCCESS, false as RETRY.</summary>
    public static IEndpointConventionBuilder MapDelivery(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, Func<HttpContext, ReadOnlyMemory<byte>, Task<bool>> take) =>
        routes.MapSidecar(topic, async http => await http.Answer(await take(http, await http.ReadBody()) ? Success : Retry));

    /// <summary>A subscription that takes up to <paramref name="most"/> events in one call: true answers SUCCESS for each of them, false RETRY.</summary>
    public static IEndpointConventionBuilder MapBulkDelivery(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, int most, Func<HttpContext, IReadOnlyList<JsonElement>, Task<bool>> take) =>
        routes.MapSidecar(topic, http => ReceiveBulk(http, take)).WithMetadata(new Dapr.AspNetCore.BulkSubscribeAttribute(topic.Name, most));

    /// <summary>The event as a dead letter of this service.</summary>
    /// <param name="attempts">How often it was tried.</param>
    public static DeadLetter DeadLetter<TEvent>(string appId, string? eventId, string reason, string type, int attempts, DateTimeOffset now, ReadOnlySpan<byte> bytes) where TEvent : IEvent =>
        new(TEvent.Topic, eventId, reason.Replace("\0", ""), type, attempts, now, appId, Payload(bytes));

    /// <summary>Only the sidecar may deliver, where a token is set.</summary>
    public static bool IsFromSidecar(this HttpContext http) =>
        http.RequestServices.GetRequiredService<IConfiguration>()["APP_API_TOKEN"] is not { Length: > 0 } token || http.Request.Headers["dapr-api-token"] == token;

    static IEndpointConventionBuilder MapSidecar(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, RequestDelegate receive) =>
        routes.MapPost($"/events/{topic.Name}", (RequestDelegate)(async http =>
        {
            if (http.IsFromSidecar())
                await receive(http);
            else
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        })).WithTopic(topic).ExcludeFromDescription();

    static async Task ReceiveBulk(HttpContext http, Func<HttpContext, IReadOnlyList<JsonElement>, Task<bool>> take)
    {
        using var bulk = JsonDocument.Parse(await http.ReadBody());
        var entries = bulk.RootElement.GetProperty("entries").EnumerateArray().ToList();
        var status = await take(http, [.. entries.Select(entry => entry.GetProperty("event"))]) ? "SUCCESS" : "RETRY";
        await http.Response.WriteAsJsonAsync(new { statuses = entries.Select(entry => new { entryId = entry.GetProperty("entryId").GetString(), status }) }, JsonSerializerOptions.Web, http.RequestAborted);
    }

    static async Task<ReadOnlyMemory<byte>> ReadBody(this HttpContext http)
    {
        using var body = new MemoryStream((int)Math.Min(http.Request.ContentLength ?? 1024, Defaults.MaxEventBytes));
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    static async Task Answer(this HttpContext http, byte[] status)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = status.Length;
        await http.Response.Body.WriteAsync(status, http.RequestAborted);
    }

    /// <summary>JSON that is nested too deep to fit into the dead letter's own JSON travels as base64, too.</summary>
    static JsonElement Payload(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var json = new Utf8JsonReader(bytes, new() { MaxDepth = 60 });
            var element = JsonElement.ParseValue(ref json);
            return json.Read() ? throw new JsonException() : element;
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(Convert.ToBase64String(bytes));
        }
    }
}

/// <summary>One delivered event, from its bytes to its effect or its dead letter.</summary>
sealed partial class Delivery<TEvent, TDb>(IServiceProvider root, ReadOnlyMemory<byte> body, Apply<TEvent, TDb> apply) where TEvent : class, IEvent where TDb : ServiceDb
{
    readonly ILogger log = root.GetRequiredService<ILoggerFactory>().CreateLogger("Ecom.Events");
    readonly TimeProvider clock = root.GetRequiredService<TimeProvider>();

    /// <returns>True: the event is applied, was before, or is a dead letter. False: the infrastructure is away, the sidecar shall deliver it again.</returns>
    public async Task<bool> Run(CancellationToken ct)
    {
        var (e, fault) = CloudEvent.Parse<TEvent>(body.Span);
        var orderId = (e?.Data as IAboutOrder)?.OrderId;
        using var scope = log.BeginScope(new Dictionary<string, object?> { ["OrderId"] = orderId, ["CorrelationId"] = e?.CorrelationId, ["EventId"] = e?.Id });
        try
        {
            if (e is null)
                return await Bury(null, fault!, "InvalidEvent", 0, ct);
            var waits = root.GetRequiredService<Microsoft.Extensions.Options.IOptions<DeliveryOptions>>().Value.Waits;
            for (var attempt = 1; ; attempt++)
            {
                var (outcome, error) = await Attempt(e, ct);
                if (outcome.What is Outcome.Kind.Done)
                    return true;
                if (outcome.What is Outcome.Kind.Never || attempt > waits.Count)
                    return await Bury(e, outcome.Reason!, error ?? outcome.What.ToString(), attempt, ct);
                LogAttempt(TEvent.Topic, attempt, outcome.Reason!);
                await Task.Delay(waits[attempt - 1], clock, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception x) when (Transient.Is(x))
        {
            LogAway(TEvent.Topic, x.GetBaseException().Message);
            return false;
        }
    }

    async Task<(Outcome, string? ErrorType)> Attempt(CloudEvent<TEvent> e, CancellationToken ct)
    {
        var outcome = Outcome.Done;
        try
        {
            await using var scope = root.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<TDb>();
            await db.InTransaction(async () =>
            {
                if (!await db.FirstTime(e.Id, TEvent.Topic, ct))
                    return false;
                outcome = await apply(e, db, scope.ServiceProvider, ct);
                return outcome.What is Outcome.Kind.Done;
            }, ct);
            return (outcome, null);
        }
        catch (Exception x) when (!Transient.Is(x) && x is not OperationCanceledException)
        {
            if (x is not DbUpdateConcurrencyException)
                LogFailed(x, TEvent.Topic);
            return (Outcome.Again(x.GetBaseException().Message), x.GetType().Name);
        }
    }

    /// <summary>The dead letter goes through the outbox. The inbox stays unmarked, so that a replay is tried again.</summary>
    async Task<bool> Bury(CloudEvent<TEvent>? e, string reason, string type, int attempts, CancellationToken ct)
    {
        await using var scope = root.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        var app = root.GetRequiredService<ServiceIdentity>();
        await db.InTransaction(async () =>
        {
            var topic = TEvent.Topic;
            if (e is not null && await db.Processed.AnyAsync(p => p.EventId == e.Id && p.Topic == topic, ct))
                return;
            db.Publish(TopicRoutes.DeadLetter<TEvent>(app.AppId, e?.Id, reason, type, attempts, clock.GetUtcNow(), body.Span), new(e?.CorrelationId, e?.Id));
        }, ct);
        LogBuried(TEvent.Topic, attempts, reason);
        return true;
    }

    [LoggerMessage(LogLevel.Warning, "{Topic}: attempt {Attempt} failed: {Reason}")]
    partial void LogAttempt(string topic, int attempt, string reason);

    [LoggerMessage(LogLevel.Error, "{Topic}: an attempt failed")]
    partial void LogFailed(Exception exception, string topic);

    [LoggerMessage(LogLevel.Warning, "{Topic}: waits for the infrastructure: {Reason}")]
    partial void LogAway(string topic, string reason);

    [LoggerMessage(LogLevel.Error, "{Topic}: dead letter after {Attempts} attempts: {Reason}")]
    partial void LogBuried(string topic, int attempts, string reason);
}
