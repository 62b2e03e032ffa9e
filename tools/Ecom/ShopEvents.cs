using System.Buffers.Binary;
using System.Text.Json;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>An event as it lies on its topic; a copy is one that lies there already.</summary>
public sealed record ShopEvent(string Topic, string Key, DateTimeOffset Time, byte[] Json, bool IsCopy = false);

/// <summary>
/// What the services of a busy shop would have written, without the shop: carts that are filled, left or checked out, and
/// each order's way to its end. The same seed and start give the same bytes.
/// </summary>
public static class ShopEvents
{
    /// <summary>About 50 events a second, as a journey has 7 on average.</summary>
    static readonly TimeSpan MostBetweenJourneys = TimeSpan.FromMilliseconds(280);

    static readonly TimeSpan MostBeforeACopy = TimeSpan.FromSeconds(5);

    /// <summary>Every few hundred events one is delivered twice, as after a lost acknowledgement.</summary>
    const double Copied = 0.005;

    /// <summary>Without end, in the order in which a broker would get them: nearly that of their times. Held are only the journeys under way.</summary>
    public static IEnumerable<ShopEvent> Stream(int seed, DateTimeOffset start)
    {
        var random = new Random(seed);
        var underWay = new PriorityQueue<ShopEvent, (DateTimeOffset Written, long Number)>();
        var number = 0L;
        for (var now = start; ; now += random.Up(MostBetweenJourneys))
        {
            while (underWay.TryPeek(out _, out var next) && next.Written <= now)
                yield return underWay.Dequeue();
            foreach (var (written, e) in new Journey(random, now).Tell())
            {
                underWay.Enqueue(e, (written, number++));
                if (random.NextDouble() < Copied)
                    underWay.Enqueue(e with { IsCopy = true }, (written + random.Up(MostBeforeACopy), number++));
            }
        }
    }

    internal static TimeSpan Up(this Random random, TimeSpan most) => new(random.NextInt64(most.Ticks));

    /// <summary>A version 7 UUID, as the services' ids are, from the journey's own dice.</summary>
    internal static Guid Id(this Random random, DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes, time.ToUnixTimeMilliseconds() << 16 | 0x7000 | (long)random.Next(0x1000));
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new(bytes, bigEndian: true);
    }
}

/// <summary>One customer's way through the shop, decided by dice.</summary>
sealed class Journey(Random random, DateTimeOffset start)
{
    const int Users = 50_000, HastyUsers = 5;
    const double Hasty = 0.02, Bulk = 0.003, Removed = 0.1, CheckedOut = 0.75, Declined = 0.08, HastyDeclined = 0.5, OutOfStock = 0.04, RunsLow = 0.003, Regretted = 0.02;
    const int LowThreshold = 10;
    static readonly TimeSpan LeastStep = TimeSpan.FromMilliseconds(10), MostStep = TimeSpan.FromMilliseconds(490), MostDelay = TimeSpan.FromMilliseconds(100);
    static readonly string[] DeclineReasons = ["insufficient_funds", "card_declined", "expired_card"];

    readonly List<(DateTimeOffset Written, ShopEvent Event)> told = [];
    readonly string trace = random.Id(start).ToString("N");
    DateTimeOffset time = start, written = start;
    string? correlation;

    public IReadOnlyList<(DateTimeOffset Written, ShopEvent Event)> Tell()
    {
        var hasty = By(Hasty);
        var user = hasty ? $"hasty-{random.Next(HastyUsers)}" : $"user-{random.Next(Users):00000}";
        var cart = Cart(user, By(Bulk));
        if (cart.Count > 0 && By(CheckedOut))
            CheckOut(user, cart, By(hasty ? HastyDeclined : Declined));
        return told;
    }

    List<OrderLine> Cart(string user, bool bulk)
    {
        List<OrderLine> cart = [];
        foreach (var product in random.GetItems([.. Catalogue.Products], random.Next(1, 5)).Distinct())
        {
            var quantity = bulk ? random.Next(10, 40) : random.Next(1, 4);
            cart.Add(new(product.Id, quantity, product.Price, quantity * product.Price));
            Say(AppIds.Cart, new CartItemAdded(user, product.Id, quantity, product.Price));
        }
        foreach (var line in cart.Where(_ => By(Removed)).ToList())
        {
            cart.Remove(line);
            Say(AppIds.Cart, new CartItemRemoved(user, line.ProductId));
        }
        return cart;
    }

    void CheckOut(string user, List<OrderLine> lines, bool declined)
    {
        var (order, total) = ("ORD-" + Ids.Encode(random.Id(time)), lines.Sum(line => line.ItemTotal));
        correlation = Say(AppIds.Cart, new CheckoutInitiated(order, user, lines, total));
        var created = Say(AppIds.Order, new OrderCreated(order, user, lines, total), correlation);
        if (declined)
        {
            var reason = DeclineReasons[random.Next(DeclineReasons.Length)];
            var failed = Say(AppIds.Payment, new PaymentFailed(order, user, reason), created);
            Cancel(failed, reason, CancellationSources.PaymentFailed);
            Mail(failed, new(lines, total, reason, CancellationSources.PaymentFailed));
            return;
        }
        var payment = "PAY-" + Ids.Encode(random.Id(time));
        var paid = Say(AppIds.Payment, new PaymentProcessed(payment, order, user, total, "USD", "card"), created);
        var confirmed = Say(AppIds.Order, new OrderConfirmed(order, user, lines), paid);
        if (By(OutOfStock))
        {
            var lacking = lines[random.Next(lines.Count)];
            var available = random.Next(lacking.Quantity);
            var depleted = Say(AppIds.Inventory, new InventoryDepleted(order, lacking.ProductId, lacking.Quantity, available), confirmed);
            var reason = $"{lacking.ProductId} is out of stock: {lacking.Quantity} wanted, {available} left";
            var refunded = Refund(Cancel(depleted, reason, CancellationSources.InventoryDepleted), reason);
            Mail(refunded, new(lines, total, reason, CancellationSources.InventoryDepleted, lacking.ProductId, total));
            return;
        }
        StockLine[] stock = [.. lines.OrderBy(line => line.ProductId, StringComparer.Ordinal).Select(line => new StockLine(line.ProductId, line.Quantity))];
        var reserved = Say(AppIds.Inventory, new InventoryReserved(order, stock), confirmed);
        if (By(RunsLow))
            Say(AppIds.Inventory, new InventoryLow(stock[0].ProductId, random.Next(LowThreshold), LowThreshold), confirmed);
        if (By(Regretted))
        {
            const string reason = "cancelled by the customer";
            var cancelled = Cancel(null, reason, CancellationSources.Customer);
            Say(AppIds.Inventory, new InventoryReleased(order, stock), cancelled);
            Mail(Refund(cancelled, reason), new(lines, total, reason, CancellationSources.Customer, RefundedAmount: total));
            return;
        }
        Mail(reserved, new(lines, total));

        string Cancel(string? cause, string reason, string source) => Say(AppIds.Order, new OrderCancelled(order, user, reason, source), cause);
        string Refund(string cause, string reason) => Say(AppIds.Payment, new PaymentRefunded(payment, order, user, total, reason), cause);
        void Mail(string cause, MailFacts facts) =>
            Say(AppIds.Order, new NotificationSend(user, $"{user}@example.com", facts.CancellationSource is null ? NotificationTypes.OrderFulfilled : NotificationTypes.OrderCancelled, order, facts), cause);
    }

    /// <summary>The next step: a little later, and a little later again on its topic, but never before the step that led to it.</summary>
    /// <returns>The event's id.</returns>
    string Say<T>(string app, T fact, string? cause = null) where T : IEvent
    {
        time += LeastStep + random.Up(MostStep);
        var at = time + random.Up(MostDelay);
        written = at > written ? at : written;
        var id = random.Id(time).ToString();
        var e = CloudEvent.New(fact, app, time, correlation ?? id, cause, $"00-{trace}-{random.NextInt64():x16}-01") with { Id = id };
        told.Add((written, new(T.Topic, fact.Key, time, JsonSerializer.SerializeToUtf8Bytes(e, Json.Options))));
        return id;
    }

    bool By(double chance) => random.NextDouble() < chance;
}
