using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>
/// Which items were left in a cart? An addition without a checkout of the user, or a removal of the product by the user, at its own
/// time or in the 30 min after it (both ends included). A row is final, and told when time has passed those 30 min.
/// </summary>
public sealed class AbandonedCarts() : Computation("cart_abandonment", Topics.CartItemAdded, Topics.CartItemRemoved, Topics.CheckoutInitiated)
{
    // Both in the order of their coming; of a user there are few.
    readonly Dictionary<string, List<Fact>> waiting = new(StringComparer.Ordinal), ends = new(StringComparer.Ordinal);
    readonly List<Fact> abandoned = [];

    protected override bool DropsCopies => false;

    protected override DateTimeOffset Matters(Fact fact) => fact.Time + AnalyticsRules.CartPatience;

    protected override void Count(Fact fact)
    {
        if (IsAddition(fact))
        {
            if (!Of(ends, fact).Exists(end => Ends(end, fact)))
                Of(waiting, fact).Add(fact);
            return;
        }
        Of(ends, fact).Add(fact);
        Of(waiting, fact).RemoveAll(item => Ends(fact, item));
    }

    protected override void Drop(Fact fact)
    {
        if (IsAddition(fact) && Of(waiting, fact).Remove(fact))
            abandoned.Add(fact);
        else if (!IsAddition(fact))
            Of(ends, fact).Remove(fact);
        foreach (var facts in (Dictionary<string, List<Fact>>[])[waiting, ends])
            if (Of(facts, fact).Count == 0)
                facts.Remove(fact.UserId!);
    }

    protected override IEnumerable<AnalyticsRow> Changed()
    {
        List<AnalyticsRow> rows =
        [
            .. abandoned.Select(item => new AbandonedItem
            {
                AsOf = item.Time, Sequence = 1, UserId = item.UserId!, ProductId = item.ProductId!, ItemAddedTime = item.Time, DetectedAt = item.Time + AnalyticsRules.CartPatience,
            }),
        ];
        abandoned.Clear();
        return rows;
    }

    static bool IsAddition(Fact fact) => fact.Topic == Topics.CartItemAdded;

    /// <summary>A checkout ends the wait of all products of the user.</summary>
    static bool Ends(Fact end, Fact item) =>
        (end.Topic == Topics.CheckoutInitiated || end.ProductId == item.ProductId) && end.Time >= item.Time && end.Time <= item.Time + AnalyticsRules.CartPatience;

    static List<Fact> Of(Dictionary<string, List<Fact>> users, Fact fact)
    {
        if (!users.TryGetValue(fact.UserId!, out var facts))
            users[fact.UserId!] = facts = [];
        return facts;
    }
}
