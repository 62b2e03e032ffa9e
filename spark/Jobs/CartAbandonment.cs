using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// Which items were left in a cart? cart.item_added without a checkout of the user, or a removal of the product by the user,
/// at its own time or in the 30 min after it (both ends included) → analytics.cart_abandonment, one row per addition.
/// Late: not newer than the newest event of these topics in the batches before − 10 min; dropped. A row is final and is
/// sent when that limit has passed the 30 min, which the heartbeat sees to; detected_at = item_added_time + 30 min.
/// An addition that is read twice is one row, named by what it says, sent twice with one id; a second end changes nothing.
/// </summary>
public static class CartAbandonment
{
    static readonly string Patience = $"INTERVAL {AnalyticsRules.CartPatience.TotalMinutes} MINUTES";

    public static Job Job { get; } = new(
        "cart_abandonment", Topics.CartAbandonment, Job.Append, ["user_id", "product_id", "item_added_time"],
        "item_added_time", AnalyticsRules.CartPatience,
        new Dictionary<string, Fact[]>
        {
            [Topics.CartItemAdded] = [Fact.Id("user_id"), Fact.Id("product_id")],
            [Topics.CartItemRemoved] = [Fact.Id("user_id"), Fact.Id("product_id")],
            [Topics.CheckoutInitiated] = [Fact.Id("user_id")],
            [Topics.Heartbeat] = [],
        },
        Transform)
    {
        DropsCopies = false,
    };

    public static DataFrame Transform(DataFrame events)
    {
        var added = events.Filter(Col("topic") == Topics.CartItemAdded).Select(
            Col("data.user_id").As("user_id"),
            Col("data.product_id").As("product_id"),
            Col("event_time").As("item_added_time"));
        // What ends an item's wait: a checkout ends it for all products of the user.
        var ended = events.Filter(Col("topic").IsIn(Topics.CartItemRemoved, Topics.CheckoutInitiated)).Select(
            Col("data.user_id").As("ended_user"),
            When(Col("topic") == Topics.CartItemRemoved, Col("data.product_id")).As("ended_product"),
            Col("event_time").As("ended_time"));
        return added
            .Join(
                ended,
                (Col("user_id") == Col("ended_user"))
                    & (Col("ended_product").IsNull() | (Col("ended_product") == Col("product_id")))
                    & Expr($"ended_time BETWEEN item_added_time AND item_added_time + {Patience}"),
                "left_outer")
            .Filter(Col("ended_user").IsNull())
            .Select(
                Col("user_id"),
                Col("product_id"),
                Col("item_added_time"),
                Expr($"item_added_time + {Patience}").As("detected_at"),
                // It counts the addition, and nothing that comes later.
                Lit(1L).As(Job.Sequence),
                Col("item_added_time").As(Job.Newest));
    }
}
