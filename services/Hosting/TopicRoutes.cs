using System.Linq.Expressions;
using System.Text.Json;
using System.Text.Unicode;
using Ecom.Contracts;

namespace Ecom.Hosting;

/// <summary>A record as the sidecar brings it, whatever it is.</summary>
public readonly record struct Delivery(ReadOnlyMemory<byte> Bytes, IHeaderDictionary Headers);

/// <summary>The only place that knows how a subscriber talks to its sidecar.</summary>
public static class TopicRoutes
{
    static readonly byte[] Success = "{\"status\":\"SUCCESS\"}"u8.ToArray(), Retry = "{\"status\":\"RETRY\"}"u8.ToArray();

    /// <summary>
    /// Subscribes a slice to the topic of its event. The handler takes a <see cref="CloudEvent{T}"/> first and whatever it needs after it, as an
    /// HTTP handler does: the <typeparamref name="TDb"/> of the transaction it runs in, services, a <see cref="CancellationToken"/>. It answers an
    /// <see cref="Outcome"/>, at once or as a task.
    /// </summary>
    /// <param name="isAnsweredAgain">The event is a question: the handler is called for a repetition, too, and gives the same answer again.</param>
    public static IEndpointConventionBuilder MapTopic<TDb>(this IEndpointRouteBuilder routes, Delegate handler, bool isAnsweredAgain = false) where TDb : ServiceDb
    {
        var e = handler.Method.GetParameters()[0].ParameterType.GetGenericArguments().Single();
        return (IEndpointConventionBuilder)typeof(TopicRoutes).GetMethod(nameof(MapSlice), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
            .MakeGenericMethod(e, typeof(TDb)).Invoke(null, [routes, handler, isAnsweredAgain])!;
    }

    static IEndpointConventionBuilder MapSlice<TEvent, TDb>(IEndpointRouteBuilder routes, Delegate handler, bool isAnsweredAgain) where TEvent : class, IEvent where TDb : ServiceDb
    {
        var apply = Bind<CloudEvent<TEvent>, Outcome>(handler);
        var clock = routes.ServiceProvider.GetRequiredService<TimeProvider>();
        var inbox = routes.ServiceProvider.GetRequiredService<Inbox<TDb>>();
        return routes.MapSidecar(new() { PubsubName = Components.PubSub, Name = TEvent.Topic, DeadLetterTopic = Topics.DeadLetters }, async http =>
        {
            var body = await http.ReadBody();
            var arrival = Arrival<TEvent>.Of(body, apply, isAnsweredAgain, clock.GetUtcNow());
            await http.Answer((await inbox.Take([arrival]))[0] ? Success : Retry);
        });
    }

    /// <summary>
    /// A subscription that takes what is delivered as it is: the handler takes a <see cref="Delivery"/> first and whatever it needs after it, and
    /// answers true for SUCCESS, false for RETRY.
    /// </summary>
    public static IEndpointConventionBuilder MapDelivery(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, Delegate handler)
    {
        var take = Bind<Delivery, bool>(handler);
        return routes.MapSidecar(topic, async http =>
            await http.Answer(await take(new(await http.ReadBody(), http.Request.Headers), http.RequestServices, http.RequestAborted) ? Success : Retry));
    }

    /// <summary>
    /// A subscription that takes up to <paramref name="most"/> events in one call: the handler takes the list of them first and whatever it needs
    /// after it, and answers true for the SUCCESS of each of them, false for RETRY.
    /// </summary>
    public static IEndpointConventionBuilder MapBulkDelivery(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, int most, Delegate handler)
    {
        var take = Bind<IReadOnlyList<JsonElement>, bool>(handler);
        return routes.MapSidecar(topic, http => ReceiveBulk(http, take)).WithMetadata(new Dapr.AspNetCore.BulkSubscribeAttribute(topic.Name, most));
    }

    /// <summary>The event as a dead letter of this service.</summary>
    /// <param name="attempts">How often it was tried.</param>
    public static DeadLetter DeadLetter<TEvent>(string appId, string? eventId, string reason, string type, int attempts, DateTimeOffset now, ReadOnlySpan<byte> bytes) where TEvent : IEvent =>
        new(TEvent.Topic, eventId, reason.Replace("\0", ""), type, attempts, now, appId, Payload(bytes));

    /// <summary>Only the sidecar may deliver, where a token is set.</summary>
    public static bool IsFromSidecar(this HttpContext http) =>
        http.RequestServices.GetRequiredService<IConfiguration>()["APP_API_TOKEN"] is not { Length: > 0 } token || http.Request.Headers["dapr-api-token"] == token;

    /// <summary>The handler's call with what came, and each further parameter taken from the scope that it came in; an optional one where it is there.</summary>
    static Handler<TCame, TAnswer> Bind<TCame, TAnswer>(Delegate handler)
    {
        var (came, services, ct) = (Expression.Parameter(typeof(TCame)), Expression.Parameter(typeof(IServiceProvider)), Expression.Parameter(typeof(CancellationToken)));
        var arguments = handler.Method.GetParameters().Select(parameter => parameter.ParameterType switch
        {
            var type when type == came.Type => (Expression)came,
            var type when type == ct.Type => ct,
            var type => Expression.Call(typeof(ServiceProviderServiceExtensions), parameter.IsOptional ? "GetService" : "GetRequiredService", [type], services),
        });
        Expression call = Expression.Call(handler.Target is null ? null : Expression.Constant(handler.Target), handler.Method, arguments);
        if (call.Type == typeof(TAnswer))
            call = Expression.Call(typeof(Task), nameof(Task.FromResult), [typeof(TAnswer)], call);
        return Expression.Lambda<Handler<TCame, TAnswer>>(call, came, services, ct).Compile();
    }

    delegate Task<TAnswer> Handler<TCame, TAnswer>(TCame came, IServiceProvider scope, CancellationToken ct);

    static IEndpointConventionBuilder MapSidecar(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, RequestDelegate receive) =>
        routes.MapPost($"/events/{topic.Name}", (RequestDelegate)(async http =>
        {
            if (http.IsFromSidecar())
                await receive(http);
            else
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        })).WithTopic(topic).ExcludeFromDescription();

    static async Task ReceiveBulk(HttpContext http, Handler<IReadOnlyList<JsonElement>, bool> take)
    {
        var entries = Entries(await http.ReadBody());
        var status = await take([.. entries.Select(entry => entry.Event)], http.RequestServices, http.RequestAborted) ? "SUCCESS" : "RETRY";
        await http.Response.WriteAsJsonAsync(new { statuses = entries.Select(entry => new { entryId = entry.Id, status }) }, JsonSerializerOptions.Web, http.RequestAborted);
    }

    /// <summary>However deep an event is nested: it is for the handler to refuse it, and for the others to go on.</summary>
    static List<(string? Id, JsonElement Event)> Entries(ReadOnlyMemory<byte> bulk)
    {
        try
        {
            return [.. JsonElement.Parse(bulk.Span, new JsonDocumentOptions { MaxDepth = int.MaxValue }).GetProperty("entries").EnumerateArray().Select(entry => (entry.GetProperty("entryId").GetString(), entry.GetProperty("event")))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new BadHttpRequestException("The body is no bulk delivery.", StatusCodes.Status400BadRequest, e);
        }
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

    /// <summary>JSON that is nested too deep to fit into the dead letter's own JSON, or whose text is no Unicode, travels as base64, too.</summary>
    static JsonElement Payload(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var json = new Utf8JsonReader(bytes, new() { MaxDepth = 60 });
            var element = JsonElement.ParseValue(ref json);
            if (!json.Read() && Utf8.IsValid(bytes))
                return JsonSerializer.SerializeToElement(element);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair, escaped, is read without a word and cannot be written.
        }

        return JsonSerializer.SerializeToElement(Convert.ToBase64String(bytes));
    }

    sealed class Arrival<TEvent> : Arrival where TEvent : class, IEvent
    {
        readonly CloudEvent<TEvent>? e;
        readonly Handler<CloudEvent<TEvent>, Outcome> apply;

        Arrival(CloudEvent<TEvent>? e, ReadOnlyMemory<byte> bytes, Handler<CloudEvent<TEvent>, Outcome> apply, DateTimeOffset at) : base(bytes, at) =>
            (this.e, this.apply) = (e, apply);

        public override string Topic => TEvent.Topic;

        public override object? Fact => e?.Data;

        public override (string? Id, string? CorrelationId, string? TraceParent) Envelope => (e?.Id, e?.CorrelationId, e?.TraceParent);

        public static Arrival Of(ReadOnlyMemory<byte> bytes, Handler<CloudEvent<TEvent>, Outcome> apply, bool isAnsweredAgain, DateTimeOffset at)
        {
            var (e, fault) = CloudEvent.Parse<TEvent>(bytes.Span);
            return new Arrival<TEvent>(e, bytes, apply, at) { Fault = fault, IsAnsweredAgain = isAnsweredAgain };
        }

        public override Task<Outcome> Apply(IServiceProvider scope, CancellationToken ct) => apply(e!, scope, ct);

        public override void Bury(ServiceDb db, string appId, string reason, string type, DateTimeOffset now) =>
            db.Publish(DeadLetter<TEvent>(appId, e?.Id, reason, type, Attempts, now, Bytes.Span), new(e?.CorrelationId, e?.Id));
    }
}
