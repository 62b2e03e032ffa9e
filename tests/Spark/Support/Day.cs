using Ecom.Analytics;
using Ecom.Contracts;

namespace Ecom.Tests.Spark.Support;

/// <summary>An event as a broker has it, and as the embedded computation reads it.</summary>
public sealed record DayEvent(HistoryRecord Record, string Key, DateTimeOffset Written, Fact Fact);

/// <summary>
/// A day of the shop whose rates change by topic and hour: a quiet night, from noon on fewer and fewer carts that are checked out, and an
/// hour in which most payments fail. Whoever reads its topics evenly by their records reads them hours apart by their time.
/// </summary>
public sealed class Day
{
    const double Removed = 0.1, Copied = 0.005, Dear = 0.01;
    static readonly int[] VisitsByHour = [20, 2, 1, 1, 2, 5, 20, 40, 60, 60, 60, 60, 70, 70, 60, 60, 60, 60, 70, 90, 90, 80, 60, 30];

    readonly Random random = new(20260601);
    readonly List<DayEvent> events = [];
    readonly DateTimeOffset start;

    Day(int visits, DateTimeOffset start)
    {
        this.start = start;
        var perShare = visits / (double)VisitsByHour.Sum();
        foreach (var (hour, share) in VisitsByHour.Index())
        {
            for (var i = 0; i < share * perShare; i++)
                Visit($"user-{random.Next(visits / 3)}", hour, At(hour) + Up(TimeSpan.FromHours(1)));
            for (var order = 0; order < 5; order++)
                Order($"hasty-{hour}", At(hour).AddMinutes(20).AddSeconds(20 * order), 10m, declined: false);
        }
    }

    /// <summary>Its events in the order of their writing, most of them in that of their time.</summary>
    /// <param name="start">Midnight. Not long ago, as brokers delete by the time of writing.</param>
    public static IReadOnlyList<DayEvent> Events(int visits, DateTimeOffset start) => [.. new Day(visits, start).events.OrderBy(e => e.Written)];

    void Visit(string user, int hour, DateTimeOffset time)
    {
        foreach (var product in random.GetItems([.. Catalogue.Products], random.Next(1, 4)).Distinct())
        {
            time += Up(TimeSpan.FromSeconds(20));
            Say(user, time, new CartItemAdded(user, product.Id, 1, product.Price), fact => fact with { UserId = user, ProductId = product.Id });
            if (random.NextDouble() < Removed)
                Say(user, time + Up(TimeSpan.FromMinutes(40)), new CartItemRemoved(user, product.Id), fact => fact with { UserId = user, ProductId = product.Id });
        }
        var (converted, declined) = (hour < 12 ? 0.8 : Math.Max(0.05, 0.8 - 0.1 * (hour - 12)), hour == 15 ? 0.8 : 0.05);
        if (random.NextDouble() < converted)
            Order(user, time + Up(TimeSpan.FromMinutes(35)), random.Next(100, 30_000) / 100m * (random.NextDouble() < Dear ? 25 : 1), random.NextDouble() < declined);
    }

    void Order(string user, DateTimeOffset time, decimal amount, bool declined)
    {
        var order = $"ORD-{events.Count}";
        var product = Catalogue.Products[random.Next(Catalogue.Products.Count)];
        OrderLine[] lines = [new(product.Id, 1, amount, amount)];
        StockLine[] stock = [new(product.Id, random.Next(1, 4))];
        Say(user, time, new CheckoutInitiated(order, user, lines, amount), fact => fact with { UserId = user });
        Say(user, time.AddSeconds(1), new OrderCreated(order, user, lines, amount), fact => fact with { UserId = user, OrderId = order, Amount = amount });
        if (declined)
        {
            for (var attempt = 1; attempt <= 3; attempt++)
                Say(user, time.AddSeconds(50 * attempt), new PaymentFailed(order, user, "card_declined"), fact => fact with { UserId = user });
            return;
        }
        Say(user, time.AddSeconds(2), new PaymentProcessed("PAY-1", order, user, amount, "USD", "card"), fact => fact with { Amount = amount });
        Say(user, time.AddSeconds(3), new OrderConfirmed(order, user, lines));
        Say(user, time.AddSeconds(4), new InventoryReserved(order, stock), fact => fact with { Lines = stock });
    }

    void Say<T>(string user, DateTimeOffset time, T data, Func<Fact, Fact>? read = null) where T : IEvent
    {
        time = new(time.Ticks - time.Ticks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        var id = $"e-{events.Count}";
        var fact = new Fact(T.Topic, id, time);
        var e = new DayEvent(History.Event(time, data, id), user, time + Up(TimeSpan.FromSeconds(20)), read?.Invoke(fact) ?? fact);
        events.Add(e);
        if (random.NextDouble() < Copied)
            events.Add(e with { Written = e.Written + Up(TimeSpan.FromMinutes(1)) });
    }

    TimeSpan Up(TimeSpan most) => new(random.NextInt64(most.Ticks));

    DateTimeOffset At(int hour) => start.AddHours(hour);
}
