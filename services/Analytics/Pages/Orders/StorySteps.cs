using Ecom.Contracts;

namespace Ecom.Analytics.Pages;

/// <summary>How a step of a story is shown.</summary>
public static class StorySteps
{
    /// <summary>The parts of the shop in the order in which an order comes through them.</summary>
    public static IReadOnlyList<string> Lanes { get; } = [.. ((string[])[AppIds.Cart, AppIds.Order, AppIds.Payment, AppIds.Inventory, AppIds.Notification, AppIds.Analytics]).Select(Lane)];

    public static Moment ToMoment(this StoryStep step) => new(step.Id, Lane(step.Service), step.Time, step.Title(), step.Tone(), step.CauseId);

    public static string Lane(string appId) => appId.Replace("-service", "", StringComparison.Ordinal);

    /// <summary>Short, as its lane tells the rest.</summary>
    public static string Title(this StoryStep step) => step.Kind switch
    {
        StepKinds.DeadLetter => "dead letter",
        StepKinds.Mail => step.Status == "SENT" ? "mail sent" : $"mail {step.Status?.ToLowerInvariant()}",
        StepKinds.Event when step.Name.StartsWith(Lane(step.Service) + ".", StringComparison.Ordinal) => Plain(step.Name[(step.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]),
        _ => Plain(step.Name),
    };

    public static Tone Tone(this StoryStep step) => step switch
    {
        { Kind: StepKinds.DeadLetter } or { Status: "FAILED" } or { Name: Topics.PaymentFailed or Topics.InventoryDepleted or Topics.FraudDetected } => Pages.Tone.Bad,
        { Name: Topics.OrderCancelled or Topics.PaymentRefunded or Topics.InventoryReleased } => Pages.Tone.Warn,
        { Status: "SENT" } or { Name: Topics.PaymentProcessed or Topics.InventoryReserved } => Pages.Tone.Good,
        _ => Pages.Tone.Busy,
    };

    public static string Plain(string name) => name.Replace('_', ' ').Replace('.', ' ');
}
