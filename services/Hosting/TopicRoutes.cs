using System.Linq.Expressions;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Hosting;

/// <summary>A record as the sidecar brings it, whatever it is, and what the broker knows of it.</summary>
public readonly record struct Delivery(ReadOnlyMemory<byte> Bytes, JsonElement Metadata)
{
    public string? Text(string name) => Json.Text(Metadata, name);
}

/// <summary>The only place that knows how a subscriber talks to its sidecar.</summary>
public static class TopicRoutes
{
    /// <summary>Milliseconds for which a sidecar may wait for a call's further events.</summary>
    const int MostAwaited = 100;
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
        var identity = routes.ServiceProvider.GetRequiredService<ServiceIdentity>();
        inbox.Expect(TEvent.Topic);
        return routes.MapSidecar(new() { PubsubName = Components.PubSub, Name = TEvent.Topic, DeadLetterTopic = Topics.DeadLetters }, async http =>
        {
            var body = await http.ReadBody();
            var replay = Replay.Read(body);
            var isDone = replay.IsForAnother(identity.AppId) || (await inbox.Take([Arrival<TEvent>.Of(body, replay, apply, isAnsweredAgain, clock.GetUtcNow())]))[0];
            CrashPoint.Reach($"{identity.AppId}.acknowledge");
            await http.Answer(isDone ? Success : Retry);
        });
    }

    /// <summary>
    /// A subscription that takes up to <paramref name="most"/> events in one call: the handler takes the list of them first and whatever it needs
    /// after it, and answers true for the SUCCESS of each of them, false for RETRY.
    /// </summary>
    public static IEndpointConventionBuilder MapBulkDelivery(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, int most, Delegate handler)
    {
        var take = Bind<IReadOnlyList<JsonElement>, bool>(handler);
        return routes.MapBulk(topic, most, (entries, http) => take([.. entries.Select(entry => entry.GetProperty("event"))], http.RequestServices, http.RequestAborted));
    }

    /// <summary>The same for a raw topic, which takes what is delivered as it is: a list of <see cref="Delivery"/>.</summary>
    public static IEndpointConventionBuilder MapRawDelivery(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, int most, Delegate handler)
    {
        var take = Bind<IReadOnlyList<Delivery>, bool>(handler);
        return routes.MapBulk(topic, most, (entries, http) => take([.. entries.Select(Raw)], http.RequestServices, http.RequestAborted));
    }

    /// <summary>The event as a dead letter of this service.</summary>
    /// <param name="attempts">How often it was tried.</param>
    public static DeadLetter DeadLetter<TEvent>(string appId, string? eventId, string reason, string type, int attempts, DateTimeOffset now, ReadOnlySpan<byte> bytes) where TEvent : IEvent =>
        new(TEvent.Topic, eventId, reason.Replace("\0", ""), type, attempts, now, appId, Json.Record(bytes));

    /// <summary>Only the sidecar may deliver, where a token is set.</summary>
    public static bool IsFromSidecar(this HttpContext http) =>
        http.RequestServices.GetRequiredService<IConfiguration>()["APP_API_TOKEN"] is not { Length: > 0 } token
        || Secrets.AreSame(token, http.Request.Headers["dapr-api-token"]);

    /// <summary>Another app's call comes by the sidecar, too, and with its token; it says whose it is.</summary>
    internal static bool IsInvocation(this HttpContext http) => http.Request.Headers.ContainsKey("dapr-caller-app-id");

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
            if (!http.IsFromSidecar())
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            else if (http.IsInvocation())
                await Problems.Forbidden("An event is delivered by the sidecar; no app may bring one.").ExecuteAsync(http);
            else
                await receive(http);
        })).WithTopic(topic).ForTheSidecar().ExcludeFromDescription();

    /// <summary>As large as its records make it: a call that is refused for its size would come again for ever.</summary>
    static IEndpointConventionBuilder MapBulk(this IEndpointRouteBuilder routes, Dapr.TopicOptions topic, int most, Func<List<JsonElement>, HttpContext, Task<bool>> take) =>
        routes.MapSidecar(topic, http => ReceiveBulk(http, take)).WithMetadata(new Dapr.AspNetCore.BulkSubscribeAttribute(topic.Name, most, MostAwaited), new Microsoft.AspNetCore.Mvc.DisableRequestSizeLimitAttribute());

    /// <summary>The bytes in base64, as the sidecar brings a raw topic's record.</summary>
    static Delivery Raw(JsonElement entry)
    {
        var record = entry.GetProperty("event");
        return new(Bytes(record) ?? JsonMarshal.GetRawUtf8Value(record).ToArray(), entry.TryGetProperty("metadata", out var metadata) ? metadata : default);
    }

    static byte[]? Bytes(JsonElement base64)
    {
        try
        {
            return base64.ValueKind is JsonValueKind.String && base64.TryGetBytesFromBase64(out var bytes) ? bytes : null;
        }
        catch (InvalidOperationException)
        {
            // Text that is none: JSON may escape half a character.
            return null;
        }
    }

    static async Task ReceiveBulk(HttpContext http, Func<List<JsonElement>, HttpContext, Task<bool>> take)
    {
        var entries = Entries(await http.ReadBody());
        var status = await take(entries, http) ? "SUCCESS" : "RETRY";
        CrashPoint.Reach($"{http.RequestServices.GetRequiredService<ServiceIdentity>().AppId}.acknowledge");
        await http.Response.WriteAsJsonAsync(new { statuses = entries.Select(entry => new { entryId = entry.GetProperty("entryId").GetString(), status }) }, JsonSerializerOptions.Web, http.RequestAborted);
    }

    /// <summary>However deep an event is nested: it is for the handler to refuse it, and for the others to go on.</summary>
    static List<JsonElement> Entries(ReadOnlyMemory<byte> bulk)
    {
        try
        {
            var entries = JsonElement.Parse(bulk.Span, new JsonDocumentOptions { MaxDepth = int.MaxValue }).GetProperty("entries").EnumerateArray().ToList();
            return entries.TrueForAll(entry => entry.GetProperty("entryId").GetString() is not null && entry.TryGetProperty("event", out _)) ? entries : throw new KeyNotFoundException();
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

    sealed class Arrival<TEvent> : Arrival where TEvent : class, IEvent
    {
        readonly CloudEvent<TEvent>? e;
        readonly Handler<CloudEvent<TEvent>, Outcome> apply;

        Arrival(CloudEvent<TEvent>? e, ReadOnlyMemory<byte> bytes, Handler<CloudEvent<TEvent>, Outcome> apply, DateTimeOffset at) : base(bytes, at) =>
            (this.e, this.apply) = (e, apply);

        public override string Topic => TEvent.Topic;

        public override object? Fact => e?.Data;

        public override DateTimeOffset? Time => e?.Time;

        public override (string? Id, string? CorrelationId, string? TraceParent) Envelope => (e?.Id, e?.CorrelationId, e?.TraceParent);

        public static Arrival Of(ReadOnlyMemory<byte> bytes, Replay replay, Handler<CloudEvent<TEvent>, Outcome> apply, bool isAnsweredAgain, DateTimeOffset at)
        {
            var (e, fault) = CloudEvent.Parse<TEvent>(bytes.Span, at);
            return new Arrival<TEvent>(e, bytes, apply, at) { Fault = fault, IsAnsweredAgain = isAnsweredAgain, Replay = replay };
        }

        public override Task<Outcome> Apply(IServiceProvider scope, CancellationToken ct) => apply(e!, scope, ct);

        public override void Bury(ServiceDb db, string appId, string reason, string type, DateTimeOffset now) =>
            db.Publish(DeadLetter<TEvent>(appId, e?.Id, reason, type, Attempts, now, Bytes.Span), new(e?.CorrelationId, e?.Id));
    }
}
