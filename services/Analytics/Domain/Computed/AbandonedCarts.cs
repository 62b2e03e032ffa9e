using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>
/// Which items were left in a cart? An addition without a checkout of the user, or a removal of the product by the user, at its own
/// time or in the 30 min after it (both ends included). A row is final, and told when time has passed those 30 min.
/// </summary>
public sealed class AbandonedCarts() : Computation("cart_abandonment", Topics.CartItemAdded, Topics.CartItemRemoved, Topics.CheckoutInitiated)
{
    /// <summary>An item was added, or what ended its wait. Without a product: a checkout, which ends the wait of all of them.</summary>
    readonly record struct Moment(string? ProductId, DateTimeOffset Time)
    {
        public DateTimeOffset Until => Time + AnalyticsRules.CartPatience;

        public bool Ends(Moment item) => (ProductId is null || ProductId == item.ProductId) && Time >= item.Time && Time <= item.Until;
    }

    /// <summary>A user's items that nothing has ended yet, and what ends those that come late. Of both there are few.</summary>
    sealed record Cart(List<Moment> Waiting, List<Moment> Ends);

    readonly Dictionary<string, Cart> carts = new(StringComparer.Ordinal);
    readonly PriorityQueue<string, DateTimeOffset> due = new();
    readonly List<AbandonedItem> abandoned = [];

    protected override bool DropsCopies => false;

    protected override DateTimeOffset Matters(Fact fact) => fact.Time + AnalyticsRules.CartPatience;

    protected override Fact Needed(Fact fact) => new(fact.Topic, fact.Id, fact.Time) { UserId = fact.UserId, ProductId = fact.ProductId };

    protected override void Count(Fact fact)
    {
        if (!carts.TryGetValue(fact.UserId!, out var cart))
            carts[fact.UserId!] = cart = new([], []);
        var moment = new Moment(fact.Topic == Topics.CheckoutInitiated ? null : fact.ProductId, fact.Time);
        if (fact.Topic != Topics.CartItemAdded)
        {
            cart.Ends.Add(moment);
            cart.Waiting.RemoveAll(moment.Ends);
        }
        else if (!cart.Ends.Exists(end => end.Ends(moment)))
            cart.Waiting.Add(moment);
        due.Enqueue(fact.UserId!, moment.Until);
    }

    protected override void Drop(DateTimeOffset passed)
    {
        foreach (var user in Passed(due, passed))
        {
            if (!carts.TryGetValue(user, out var cart))
                continue;
            abandoned.AddRange(cart.Waiting.Where(IsOver).Select(item => new AbandonedItem
            {
                AsOf = item.Time,
                Sequence = 1,
                UserId = user,
                ProductId = item.ProductId!,
                ItemAddedTime = item.Time,
                DetectedAt = item.Until,
            }));
            cart.Waiting.RemoveAll(IsOver);
            cart.Ends.RemoveAll(IsOver);
            if (cart is { Waiting.Count: 0, Ends.Count: 0 })
                carts.Remove(user);
        }

        bool IsOver(Moment moment) => moment.Until <= passed;
    }

    protected override IEnumerable<AnalyticsRow> Changed()
    {
        List<AnalyticsRow> rows = [.. abandoned];
        abandoned.Clear();
        return rows;
    }
}
