using System.Text.Json;

namespace Ecom.Analytics;

/// <summary>What a step of a story is.</summary>
public static class StepKinds
{
    public const string Event = "event", Saga = "saga", Mail = "mail", DeadLetter = "dead_letter";

    public static IReadOnlyList<string> All { get; } = [Event, Saga, Mail, DeadLetter];
}

/// <summary>Something that happened to an order.</summary>
/// <param name="Id">Of the event, the mail, the letter; of a step of the saga its name after <c>saga:</c>.</param>
/// <param name="Kind">One of <see cref="StepKinds"/>.</param>
/// <param name="Service">Whose doing it is, an app id: the lane in which it is drawn.</param>
/// <param name="Name">The topic, the saga's step, the kind of mail, the topic of the record that failed.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="CauseId">The step that led to it; null: none is known.</param>
/// <param name="MsSinceCause">Null: the cause is not in this story.</param>
/// <param name="Status">Of a mail or dead letter: how far it got.</param>
/// <param name="Data">An event's data while it is kept; a mail as it was written; a dead letter's record.</param>
public sealed record StoryStep(
    string Id, string Kind, string Service, string Name, DateTimeOffset Time, string Summary, string? CauseId, long? MsSinceCause, long MsSinceStart, string? Status, JsonElement? Data);

/// <summary>An order's life, in the order of time.</summary>
/// <param name="WaitsFor">What the saga waits for at present, such as <c>payment_answer</c>.</param>
/// <param name="Missing">The app ids whose part is missing: they did not answer.</param>
public sealed record OrderStory(
    string OrderId, string? UserId, string State, decimal? TotalAmount, string? Reason, string? CancellationSource, DateTimeOffset StartedAt, DateTimeOffset? EndedAt,
    string? CorrelationId, string? TraceId, IReadOnlyList<StoryStep> Steps, IReadOnlyList<string> WaitsFor, IReadOnlyList<string> Missing);
