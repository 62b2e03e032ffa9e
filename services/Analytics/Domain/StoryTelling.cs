using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>Puts the parts of an order's story in the order of time, each to its cause.</summary>
static class StoryTelling
{
    /// <summary>The event with which the saga tells of a step: what caused it caused the step.</summary>
    static readonly Dictionary<string, string> Told = new()
    {
        ["placed"] = Topics.OrderCreated,
        ["paid"] = Topics.OrderConfirmed,
        ["fulfilled"] = Topics.NotificationSend,
        ["cancelled"] = Topics.OrderCancelled,
        ["closed"] = Topics.NotificationSend,
    };

    public static (OrderStory? Story, bool IsUnknown) Tell(string orderId, ShopOrder? order, List<JournalEntry> entries, List<DeadLetterRecord> letters, Told<SagaPart> saga, Told<MailParts> mails)
    {
        if (entries.Count == 0 && saga.Part is null)
            return (null, !saga.IsAway);
        List<StoryStep> steps =
        [
            .. entries.Where(e => e.Topic != Topics.DeadLetters).Select(Step),
            .. entries.Where(e => e.Topic == Topics.DeadLetters).Select(e => Step(e, letters.Find(letter => letter.LetterId == e.EventId))),
            .. saga.Part?.Steps.Select(step => Step(step, entries)) ?? [],
            .. mails.Part?.Notifications.Select(Step) ?? [],
        ];
        steps = [.. steps.OrderBy(step => step.Time).ThenBy(step => step.Kind is not StepKinds.Saga)];
        var (started, times) = (steps[0].Time, steps.DistinctBy(step => step.Id).ToDictionary(step => step.Id, step => step.Time));
        string[] missing = [.. saga.IsAway ? [AppIds.Order] : Array.Empty<string>(), .. mails.IsAway ? [AppIds.Notification] : Array.Empty<string>()];
        return (new(
            orderId, order?.UserId ?? saga.Part?.UserId, saga.Part?.Status ?? order?.State.ToString() ?? nameof(OrderState.PENDING), order?.TotalAmount ?? saga.Part?.TotalAmount,
            order?.Reason ?? saga.Part?.CancelReason, order?.CancellationSource ?? saga.Part?.CancellationSource, started, order?.EndedAt,
            order?.CorrelationId ?? saga.Part?.CorrelationId, JournalEntry.TraceOf(order?.TraceParent) ?? saga.Part?.TraceId,
            [.. steps.Select(step => step with { MsSinceStart = Ms(step.Time - started), MsSinceCause = step.CauseId is { } cause && times.TryGetValue(cause, out var time) ? Ms(step.Time - time) : null })],
            saga.Part?.WaitsFor ?? [], missing), false);
    }

    static StoryStep Step(JournalEntry e) => new(e.EventId, StepKinds.Event, e.Source, e.Topic, e.Time, e.Summary, e.CauseId, null, 0, null, Parsed(e.Data));

    static StoryStep Step(JournalEntry e, DeadLetterRecord? letter) => new(
        e.EventId, StepKinds.DeadLetter, letter?.Subscriber ?? e.Source, letter?.OriginalTopic ?? e.Topic, e.Time, e.Summary, e.CauseId, null, 0, letter?.Status.ToString(), Parsed(letter?.Payload));

    static StoryStep Step(SagaStepPart step, List<JournalEntry> entries) => new(
        $"saga:{step.Name}", StepKinds.Saga, AppIds.Order, step.Name, JournalEntry.Exact(step.Time), Summary(step.Name), Told.TryGetValue(step.Name, out var topic) ? entries.Find(e => e.Topic == topic)?.CauseId : null, null, 0, null, null);

    static StoryStep Step(MailPart mail) => new(
        mail.NotificationId, StepKinds.Mail, AppIds.Notification, mail.Kind, JournalEntry.Exact(mail.SentAt ?? mail.CreatedAt), mail.Subject, mail.EventId, null, 0, mail.Status,
        JsonSerializer.SerializeToElement(mail, Json.Options));

    static string Summary(string step) => step switch
    {
        "placed" => "The order is placed; its saga waits for the payment",
        "cancel_requested" => "The customer asks for the order's cancellation",
        "paid" => "The order is PAID; its saga waits for the stock",
        "fulfilled" => "The order is FULFILLED",
        "cancelled" => "The order is CANCELLED; what was done is undone",
        "closed" => "All that was done is undone; the order is closed",
        _ => step,
    };

    static JsonElement? Parsed(string? json) => json is null ? null : JsonElement.Parse(json);

    static long Ms(TimeSpan time) => (long)Math.Round(time.TotalMilliseconds);
}
