using Ecom.Analytics;
using Ecom.Contracts;
using FsCheck.Xunit;

namespace Ecom.Tests.Unit;

/// <summary>The computations' memory: what they keep is enough to go on after a kill at any point. Their rows are held against Spark's in tests/Spark.</summary>
public sealed class ComputationTests
{
    static readonly DateTimeOffset Now = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    static IReadOnlyList<Func<Computation>> All { get; } = [() => new RevenuePerMinute(), () => new FraudPerUser(), () => new AbandonedCarts(), () => new VelocityPerProduct(), () => new OperationsPerTopic()];

    [Property(MaxTest = 200)]
    public void A_computation_that_is_killed_between_any_batches_comes_to_the_same_rows(int seed)
    {
        var batches = Batches(new Random(seed));
        foreach (var create in All)
            Rows(create, batches, kills: new Random(seed)).ShouldBe(Rows(create, batches, kills: null));
    }

    [Property(MaxTest = 200)]
    public void Copies_change_nothing(int seed)
    {
        var random = new Random(seed);
        var batches = Batches(random);
        List<Fact[]> withCopies = [];
        foreach (var batch in batches)
            withCopies.Add([.. batch, .. withCopies.SelectMany(earlier => earlier).Concat(batch).Where(_ => random.Next(4) == 0)]);

        foreach (var create in All)
            Rows(create, withCopies, kills: null).ShouldBe(Rows(create, batches, kills: null));
    }

    [Fact]
    public void Nothing_is_kept_for_longer_than_it_matters()
    {
        foreach (var create in All)
        {
            var computation = create();
            var kept = new Dictionary<Fact, DateTimeOffset>();
            foreach (var batch in Batches(new Random(7), length: 200))
            {
                foreach (var fact in computation.Fold(batch).Counted)
                    kept[fact] = computation.Until(fact);
                kept = kept.Where(fact => fact.Value > computation.Watermark).ToDictionary();
            }

            kept.Keys.ShouldAllBe(fact => fact.Time > computation.Newest - TimeSpan.FromMinutes(75));
        }
    }

    [Fact]
    public void The_last_carts_are_told_when_no_other_event_comes()
    {
        var carts = new AbandonedCarts();
        carts.Fold([new Fact(Topics.CartItemAdded, "e-1", Now) { UserId = "ann", ProductId = "PROD-001" }]);

        carts.Fold([Heartbeat(Now.AddMinutes(39))]).Rows.ShouldBeEmpty();
        var row = carts.Fold([Heartbeat(Now.AddMinutes(41))]).Rows.ShouldHaveSingleItem().ShouldBeOfType<AbandonedItem>();

        (row.DetectedAt, row.AsOf, row.Sequence).ShouldBe((Now.AddMinutes(30), Now, 1));
        carts.Fold([Heartbeat(Now.AddMinutes(42))]).Rows.ShouldBeEmpty();
    }

    [Fact]
    public void A_minute_is_judged_when_it_is_over_and_each_topic_by_its_own_rhythm()
    {
        var operations = new OperationsPerTopic();
        Fact Paid(int second) => new(Topics.PaymentProcessed, $"paid-{second}", Now.AddSeconds(second));

        Lines(operations.Fold([Paid(10), Paid(20)])).ShouldBe(["payment.processed 2 HEALTHY 4 20"]);
        Lines(operations.Fold([Heartbeat(Now, (Topics.PaymentProcessed, 40), (Topics.OrderCreated, 10), (Topics.CartItemAdded, 5), (Topics.NotificationSend, 4.99m), (Topics.InventoryLow, 99))])).ShouldBe(
            ["cart.item_added 0 WARNING 1 60", "inventory.low 0 HEALTHY 1 60", "notification.send 0 HEALTHY 1 60", "order.created 0 CRITICAL 1 60", "payment.processed 2 HEALTHY 5 20"]);
        // Slower than the heartbeat, and no silence after all.
        Lines(operations.Fold([new(Topics.OrderCreated, "order", Now.AddSeconds(59))])).ShouldBe(["order.created 1 HEALTHY 3 59"]);

        static IEnumerable<string> Lines(Folded folded) => folded.Rows.Cast<OperationalWindow>().Select(row => $"{row.Topic} {row.Value} {row.Status} {row.Sequence} {(row.AsOf - Now).TotalSeconds}").Order(StringComparer.Ordinal);
    }

    /// <summary>The last word on each row, with a new computation in place of the old one where the dice say so.</summary>
    static IEnumerable<string> Rows(Func<Computation> create, IReadOnlyList<Fact[]> batches, Random? kills)
    {
        var (computation, kept, rows) = (create(), new List<Fact>(), new Dictionary<string, string>());
        foreach (var batch in batches)
        {
            var folded = computation.Fold(batch);
            kept.RemoveAll(fact => computation.Until(fact) <= computation.Watermark);
            kept.AddRange(folded.Counted);
            foreach (var row in folded.Rows)
            {
                var (key, values) = Text(row);
                rows[key] = $"{values} {row.Sequence} {row.AsOf:O}";
            }
            if (kills?.Next(3) == 0)
            {
                var newest = computation.Newest;
                computation = create();
                computation.Recall(newest, kept);
            }
        }
        return rows.Select(row => $"{row.Key} {row.Value}").Order(StringComparer.Ordinal);
    }

    static Fact Heartbeat(DateTimeOffset minute, params IEnumerable<(string Topic, decimal PerMinute)> rhythm) =>
        new(Topics.Heartbeat, $"minute-{minute:O}", minute) { Rhythm = [.. rhythm.Select(of => new TopicRhythm(of.Topic, of.PerMinute))] };

    static (string Key, string Values) Text(AnalyticsRow row) => row switch
    {
        RevenueWindow r => ($"{r.WindowStart:O}", $"{r.TotalRevenue} {r.OrderCount} {r.AvgOrderValue}"),
        FraudAlert r => ($"{r.UserId} {r.AlertType} {r.WindowStart:O}", $"{r.Severity} {r.Details} {r.OrderId}"),
        AbandonedItem r => ($"{r.UserId} {r.ProductId} {r.ItemAddedTime:O}", $"{r.DetectedAt:O}"),
        ProductVelocity r => ($"{r.ProductId} {r.WindowStart:O}", $"{r.UnitsSold} {r.Revenue}"),
        OperationalWindow r => ($"{r.Topic} {r.WindowStart:O}", $"{r.Value} {r.Status}"),
        _ => throw new NotSupportedException(),
    };

    /// <summary>Time goes on by up to 20 minutes a batch; some facts lie behind it, a few too far.</summary>
    static List<Fact[]> Batches(Random random, int length = 12)
    {
        List<Fact[]> batches = [];
        var (time, number) = (Now, 0);
        for (var i = 0; i < length; i++, time += TimeSpan.FromMinutes(random.Next(20)))
            batches.Add([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(8) == 0 ? Heartbeat(time, (Topics.PaymentProcessed, random.Next(12)), (Topics.CartItemAdded, 7)) : new Fact(Topic(), $"e-{number++}", time.AddSeconds(-random.Next(800)))
            {
                UserId = $"u-{random.Next(3)}",
                ProductId = $"PROD-00{random.Next(1, 3)}",
                OrderId = $"ORD-{number}",
                Amount = random.Next(600_000) / 100m,
                Lines = [new("PROD-001", random.Next(1, 5)), new("PROD-002", 1), new("PROD-001", 1)],
            })]);
        return batches;

        string Topic() => random.GetItems([Topics.PaymentProcessed, Topics.OrderCreated, Topics.PaymentFailed, Topics.CartItemAdded, Topics.CartItemRemoved, Topics.CheckoutInitiated, Topics.InventoryReserved], 1)[0];
    }
}
