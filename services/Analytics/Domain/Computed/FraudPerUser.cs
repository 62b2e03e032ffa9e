using System.Globalization;
using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>Who behaves oddly? One alert per user, type and window of five minutes, one window starting each minute: an event lies in five.</summary>
public sealed class FraudPerUser() : Computation("fraud_detection", Topics.OrderCreated, Topics.PaymentFailed)
{
    static readonly TimeSpan Window = TimeSpan.FromMinutes(5), Slide = TimeSpan.FromMinutes(1);

    readonly Dictionary<string, List<Fact>> users = new(StringComparer.Ordinal);
    readonly PriorityQueue<Fact, DateTimeOffset> remembered = new();
    readonly HashSet<(string User, DateTimeOffset Start)> changed = [];

    protected override DateTimeOffset Matters(Fact fact) => Floor(fact.Time, Slide) + Window;

    protected override void Count(Fact fact)
    {
        if (!users.TryGetValue(fact.UserId!, out var facts))
            users[fact.UserId!] = facts = [];
        facts.Add(fact);
        remembered.Enqueue(fact, Matters(fact));
        for (var start = Floor(fact.Time, Slide); start + Window > fact.Time; start -= Slide)
            changed.Add((fact.UserId!, start));
    }

    protected override void Drop(DateTimeOffset passed)
    {
        foreach (var fact in Passed(remembered, passed))
            if (users.TryGetValue(fact.UserId!, out var facts) && facts.Remove(fact) && facts.Count == 0)
                users.Remove(fact.UserId!);
    }

    protected override IEnumerable<AnalyticsRow> Changed()
    {
        List<AnalyticsRow> rows = [.. changed.SelectMany(window => Alerts(window.User, window.Start))];
        changed.Clear();
        return rows;
    }

    IEnumerable<FraudAlert> Alerts(string user, DateTimeOffset start)
    {
        var facts = users[user].Where(fact => fact.Time >= start && fact.Time < start + Window).ToLookup(fact => fact.Topic == Topics.OrderCreated);
        List<Fact> orders = [.. facts[true]], failures = [.. facts[false]];
        if (orders.Count > FraudRules.OrdersAllowed)
            yield return Alert(FraudRules.Frequency, orders, orders.Count > FraudRules.OrdersHigh ? FraudRules.Critical : FraudRules.High, $"{orders.Count} orders in 5 minutes");
        // The dearest order; of several, the one with the greatest id.
        if (orders.OrderBy(order => order.Amount).ThenBy(order => order.OrderId, StringComparer.Ordinal).LastOrDefault() is { Amount: > FraudRules.AmountAllowed } dearest)
            yield return Alert(FraudRules.Value, orders, dearest.Amount > FraudRules.AmountHigh ? FraudRules.Critical : FraudRules.High,
                "an order of " + dearest.Amount.ToString("0.00", CultureInfo.InvariantCulture), dearest.OrderId);
        if (failures.Count > FraudRules.FailuresAllowed)
            yield return Alert(FraudRules.Failures, failures, FraudRules.Medium, $"{failures.Count} failed payments in 5 minutes");

        FraudAlert Alert(string type, List<Fact> counted, string severity, string details, string? orderId = null) => new()
        {
            AsOf = counted.Max(fact => fact.Time),
            Sequence = counted.Count,
            UserId = user,
            AlertType = type,
            WindowStart = start,
            WindowEnd = start + Window,
            Severity = severity,
            Details = details,
            OrderId = orderId,
        };
    }
}
