using System.Net;
using System.Text.Json;
using Dapr.Client;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Analytics;

/// <summary>An order's life from all who know a part of it: the journal, order-service's saga, notification-service's mails, the dead letters.</summary>
public static class ReadStory
{
    public static async Task<Results<Ok<OrderStory>, ProblemHttpResult>> One([FromRoute(Name = "order_id")] string orderId, AnalyticsDb db, StoryParts parts, CancellationToken ct)
    {
        var (story, isUnknown) = await Of(db, parts, orderId, ct);
        return story is not null ? TypedResults.Ok(story)
            : isUnknown ? Problems.NotFound($"There is no order {orderId}.")
            : Problems.Busy($"The journal does not know {orderId}, and {AppIds.Order} does not answer right now. Try again.");
    }

    /// <returns>No story: nobody knows the order, or nobody who could was there.</returns>
    public static async Task<(OrderStory? Story, bool IsUnknown)> Of(AnalyticsDb db, StoryParts parts, string orderId, CancellationToken ct)
    {
        var (sagas, mails) = (parts.Saga(orderId, ct), parts.Mails(orderId, ct));
        var order = await db.Orders.AsNoTracking().SingleOrDefaultAsync(o => o.OrderId == orderId, ct);
        var correlation = order?.CorrelationId;
        var entries = await db.Journal.AsNoTracking().Where(e => e.OrderId == orderId || e.OrderId == null && e.CorrelationId == correlation && correlation != null).OrderBy(e => e.Id).ToListAsync(ct);
        var ids = entries.Where(e => e.Topic == Topics.DeadLetters).Select(e => e.EventId).ToArray();
        var letters = ids.Length == 0 ? [] : await db.DeadLetters.AsNoTracking().Where(d => ids.Contains(d.LetterId)).ToListAsync(ct);
        return StoryTelling.Tell(orderId, order, entries, letters, await sagas, await mails);
    }
}

/// <summary>What order-service says of an order's saga.</summary>
public sealed record SagaPart(string OrderId, string UserId, string Status, decimal TotalAmount, string CorrelationId, IReadOnlyList<SagaStepPart> Steps, IReadOnlyList<string> WaitsFor,
    string? CancelReason = null, string? CancellationSource = null, string? TraceId = null);

public sealed record SagaStepPart(string Name, DateTimeOffset Time);

/// <summary>A mail about an order as notification-service has it.</summary>
public sealed record MailPart(string NotificationId, string EventId, string Kind, string UserId, string RecipientEmail, string Subject, string Text, string Status, int Attempts, DateTimeOffset CreatedAt,
    string? Error = null, DateTimeOffset? SentAt = null);

public sealed record MailParts(IReadOnlyList<MailPart> Notifications);

/// <summary>A part of a story as another service told it.</summary>
/// <param name="Part">Null: it knows of none, or is away.</param>
public readonly record struct Told<T>(T? Part, bool IsAway) where T : class;

/// <summary>Asks the other services, through the sidecar. One that does not answer is away; the story is told without it.</summary>
public sealed class StoryParts(DaprClient dapr, Colleagues colleagues)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    readonly HttpClient orders = colleagues.Client(dapr, AppIds.Order), notifications = colleagues.Client(dapr, AppIds.Notification);

    public Task<Told<SagaPart>> Saga(string orderId, CancellationToken ct) => Ask<SagaPart>(orders, $"orders/{orderId}/saga", ct);

    public Task<Told<MailParts>> Mails(string orderId, CancellationToken ct) => Ask<MailParts>(notifications, $"notifications/order/{orderId}?limit=100", ct);

    static async Task<Told<T>> Ask<T>(HttpClient service, string path, CancellationToken ct) where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var answer = await service.GetAsync(path, limit.Token);
            return answer.StatusCode is HttpStatusCode.NotFound && IsOfApp(answer) ? default
                : answer.IsSuccessStatusCode ? new(await answer.Content.ReadFromJsonAsync<T>(Json.Options, limit.Token), false)
                : new(null, true);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || e is OperationCanceledException && !ct.IsCancellationRequested)
        {
            return new(null, true);
        }
    }

    /// <summary>A sidecar that does not find the app says 404, too, and not in problem details.</summary>
    static bool IsOfApp(HttpResponseMessage answer) => answer.Content.Headers.ContentType?.MediaType == "application/problem+json";
}
