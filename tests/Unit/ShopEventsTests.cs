using Ecom.Contracts;
using Ecom.Tool;

namespace Ecom.Tests.Unit;

/// <summary>The generated events are those that the services would write.</summary>
public class ShopEventsTests
{
    const int Many = 30_000;
    static readonly DateTimeOffset Start = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);
    static readonly IReadOnlyList<ShopEvent> Events = [.. ShopEvents.Stream(1, Start).Take(Many)];

    static readonly Dictionary<string, Func<ShopEvent, (Envelope?, string?)>> Readers = new()
    {
        [Topics.CartItemAdded] = Read<CartItemAdded>,
        [Topics.CartItemRemoved] = Read<CartItemRemoved>,
        [Topics.CheckoutInitiated] = Read<CheckoutInitiated>,
        [Topics.OrderCreated] = Read<OrderCreated>,
        [Topics.PaymentProcessed] = Read<PaymentProcessed>,
        [Topics.PaymentFailed] = Read<PaymentFailed>,
        [Topics.OrderConfirmed] = Read<OrderConfirmed>,
        [Topics.InventoryReserved] = Read<InventoryReserved>,
        [Topics.InventoryDepleted] = Read<InventoryDepleted>,
        [Topics.InventoryLow] = Read<InventoryLow>,
        [Topics.InventoryReleased] = Read<InventoryReleased>,
        [Topics.OrderCancelled] = Read<OrderCancelled>,
        [Topics.PaymentRefunded] = Read<PaymentRefunded>,
        [Topics.NotificationSend] = Read<NotificationSend>,
    };

    [Fact]
    public void A_seed_names_the_events_to_the_byte()
    {
        Texts(1).ShouldBe(Texts(1));
        Texts(1).ShouldNotBe(Texts(2));

        static IReadOnlyList<string> Texts(int seed) => [.. ShopEvents.Stream(seed, Start).Take(500).Select(e => $"{e.Topic} {e.Key} {Convert.ToHexString(e.Json)}")];
    }

    [Fact]
    public void Every_event_is_accepted_by_the_contracts_and_says_what_its_record_says()
    {
        foreach (var e in Events)
        {
            var (envelope, fault) = Readers[e.Topic](e);

            fault.ShouldBeNull();
            (envelope!.Subject, envelope.Time, envelope.Source).ShouldBe((e.Key, e.Time, envelope.Source));
            envelope.CorrelationId.ShouldNotBeNull();
        }
        Events.Select(e => e.Topic).Distinct().ShouldBe(Readers.Keys, ignoreOrder: true);
    }

    [Fact]
    public void Fifty_a_second_come_nearly_in_the_order_of_their_times_and_some_of_them_twice()
    {
        var newest = Events.Scan(Start, (newest, e) => e.Time > newest ? e.Time : newest).ToList();
        var behind = Events.Zip(newest, (e, newest) => newest - e.Time).ToList();
        var copies = Many - Events.Select(e => Readers[e.Topic](e).Item1!.Id).Distinct().Count();

        (Many / (newest[^1] - Start).TotalSeconds).ShouldBeInRange(45, 55);
        behind.Max().ShouldBeInRange(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(6));
        behind.Count(late => late > TimeSpan.Zero).ShouldBeGreaterThan(Many / 20);
        copies.ShouldBeInRange(Many / 400, Many / 100);
    }

    [Fact]
    public void An_order_that_began_early_enough_has_come_to_one_end()
    {
        HashSet<string> ended = [.. Of<NotificationSend>().Select(e => e.Data.OrderId)];
        var begun = Of<CheckoutInitiated>().Where(e => e.Time < Events[^1].Time.AddSeconds(-15)).Select(e => e.Data.OrderId).Distinct().ToList();

        begun.Count.ShouldBeGreaterThan(2000);
        begun.ShouldAllBe(order => ended.Contains(order));
        ended.Count.ShouldBe(Of<NotificationSend>().Select(e => e.Id).Distinct().Count());
    }

    [Fact]
    public void Some_carts_are_left_some_users_are_hasty_and_some_orders_are_dear()
    {
        var carts = Of<CartItemAdded>().Select(e => e.Data.UserId).ToHashSet();
        var orders = Of<OrderCreated>().Select(e => e.Data).DistinctBy(order => order.OrderId).ToList();

        orders.Select(order => order.UserId).Distinct().Count().ShouldBeLessThan(carts.Count * 9 / 10);
        orders.CountBy(order => order.UserId).Max(user => user.Value).ShouldBeGreaterThan(5);
        orders.Count(order => order.TotalAmount > 1000).ShouldBeInRange(1, orders.Count / 20);
    }

    static IEnumerable<CloudEvent<T>> Of<T>() where T : class, IEvent => Events.Where(e => e.Topic == T.Topic).Select(e => CloudEvent.Parse<T>(e.Json).Event!);

    static (Envelope?, string?) Read<T>(ShopEvent e) where T : class, IEvent
    {
        var (read, fault) = CloudEvent.Parse<T>(e.Json);
        return (read is null ? null : new(read.Id, read.Source, read.Time, read.Subject, read.CorrelationId), fault);
    }

    sealed record Envelope(string Id, string Source, DateTimeOffset Time, string? Subject, string? CorrelationId);
}

file static class Sequence
{
    /// <summary>The state after each item.</summary>
    public static IEnumerable<TState> Scan<T, TState>(this IEnumerable<T> items, TState state, Func<TState, T, TState> next)
    {
        foreach (var item in items)
        {
            state = next(state, item);
            yield return state;
        }
    }
}
