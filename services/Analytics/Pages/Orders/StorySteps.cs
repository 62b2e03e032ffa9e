using Ecom.Contracts;

namespace Ecom.Analytics.Pages;

/// <summary>How a step of a story is shown.</summary>
public static class StorySteps
{
    const string Saga = "saga";

    /// <summary>The parts of the shop in the order in which an order comes through them.</summary>
    public static IReadOnlyList<string> Lanes { get; } =
        [Plain(AppIds.Cart), Plain(AppIds.Order), Saga, Plain(AppIds.Payment), Plain(AppIds.Inventory), Plain(AppIds.Notification), Plain(AppIds.Analytics)];

    /// <summary>What is drawn of the steps. Those that say the same for the same reason, such as the alerts of five windows, are one to the eye.</summary>
    /// <param name="drawn">The id under which each step is drawn.</param>
    public static IReadOnlyList<Moment> Moments(IEnumerable<StoryStep> steps, out IReadOnlyDictionary<string, string> drawn)
    {
        var alike = steps.GroupBy(step => (step.Service, step.Kind, step.Name, step.Summary, step.CauseId)).Select(same => same.ToList()).ToList();
        var ids = alike.SelectMany(same => same.Select(step => (step.Id, Drawn: same[0].Id))).ToDictionary(pair => pair.Id, pair => pair.Drawn);
        drawn = ids;
        return [.. alike.Select(same => Draw(same[0], same.Count))];

        Moment Draw(StoryStep step, int times) => new(
            step.Id, step.Lane(), step.Time, step.Title() + (times > 1 ? $" ×{times}" : ""), step.Tone(), step.CauseId is { } cause ? ids.GetValueOrDefault(cause, cause) : null);
    }

    public static string Lane(this StoryStep step) => step.Kind == StepKinds.Saga ? Saga : Plain(step.Service);

    /// <summary>Short, as its lane tells the rest.</summary>
    public static string Title(this StoryStep step) => step.Kind switch
    {
        StepKinds.DeadLetter => "dead letter",
        StepKinds.Mail => step.Status == "SENT" ? "mail sent" : $"mail {step.Status?.ToLowerInvariant()}",
        StepKinds.Event when step.Name.StartsWith(step.Lane() + ".", StringComparison.Ordinal) => Plain(step.Name[(step.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]),
        _ => Plain(step.Name),
    };

    public static Tone Tone(this StoryStep step) => step switch
    {
        { Kind: StepKinds.DeadLetter } or { Status: "FAILED" } or { Name: Topics.PaymentFailed or Topics.InventoryDepleted or Topics.FraudDetected } => Pages.Tone.Bad,
        { Name: "cancelled", Kind: StepKinds.Saga } or { Name: Topics.OrderCancelled or Topics.PaymentRefunded or Topics.InventoryReleased } => Pages.Tone.Warn,
        { Name: "fulfilled", Kind: StepKinds.Saga } or { Status: "SENT" } or { Name: Topics.PaymentProcessed or Topics.InventoryReserved } => Pages.Tone.Good,
        _ => Pages.Tone.Busy,
    };

    /// <summary>The step with its lane, as it is called in a sentence.</summary>
    public static string FullTitle(this StoryStep step) => $"{step.Lane()} · {step.Title()}";

    /// <summary>A name of the wire in words: <c>order-service</c> is order, <c>payment_answer</c> payment answer.</summary>
    public static string Plain(string name) => name.Replace("-service", "", StringComparison.Ordinal).Replace('_', ' ').Replace('.', ' ');
}
