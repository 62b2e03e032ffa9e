using System.Globalization;
using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>Who behaves oddly? One alert per user, type and window of five minutes, one window starting each minute: an event lies in five.</summary>
public sealed class FraudPerUser() : Computation("fraud_detection", Topics.OrderCreated, Topics.PaymentFailed)
{
    static readonly TimeSpan Window = TimeSpan.FromMinutes(5), Slide = TimeSpan.FromMinutes(1);

    readonly Dictionary<string, List<Fact>> users = new(StringComparer.Ordinal);
    readonly HashSet<(string User, DateTimeOffset Start)> changed = [];

    protected override DateTimeOffset Matters(Fact fact) => Floor(fact.Time, Slide) + Window;

    protected override void Count(Fact fact)
    {
        if (!users.TryGetValue(fact.UserId!, out var facts))
            users[fact.UserId!] = facts = [];
        facts.Add(fact);
        for (var start = Floor(fact.Time, Slide); start + Window > fact.Time; start -= Slide)
            changed.Add((fact.UserId!, start));
    }

    protected override void Drop(Fact fact)
    {
        if (users.TryGetValue(fact.UserId!, out var facts) && facts.Remove(fact) && facts.Count == 0)
            users.Remove(fact.UserId!);
    }

    protected override IEnumerable<AnalyticsRow> Changed(DateTimeOffset now)
    {
        List<AnalyticsRow> rows = [.. changed.SelectMany(window => Alerts(window.User, window.Start, now))];
        changed.Clear();
        return rows;
    }

    IEnumerable<FraudAlert> Alerts(string user, DateTimeOffset start, DateTimeOffset now)
    {
        var facts = users[user].Where(fact => fact.Time >= start && fact.Time < start + Window).ToLookup(fact => fact.Topic == Topics.OrderCreated);
        var (orders, failures) = (facts[true].Count(), facts[false].Count());
        if (orders > FraudRules.OrdersAllowed)
            yield return Alert(FraudRules.Frequency, orders > FraudRules.OrdersHigh ? FraudRules.Critical : FraudRules.High, $"{orders} orders in 5 minutes");
        // The dearest order; of several, the one with the greatest id.
        if (facts[true].OrderBy(order => order.Amount).ThenBy(order => order.OrderId, StringComparer.Ordinal).LastOrDefault() is { Amount: > FraudRules.AmountAllowed } dearest)
            yield return Alert(FraudRules.Value, dearest.Amount > FraudRules.AmountHigh ? FraudRules.Critical : FraudRules.High,
                "an order of " + dearest.Amount.ToString("0.00", CultureInfo.InvariantCulture), dearest.OrderId);
        if (failures > FraudRules.FailuresAllowed)
            yield return Alert(FraudRules.Failures, FraudRules.Medium, $"{failures} failed payments in 5 minutes");

        FraudAlert Alert(string type, string severity, string details, string? orderId = null) => new()
        {
            AsOf = now,
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
