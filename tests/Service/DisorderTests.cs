using CsCheck;

namespace Ecom.Tests.Service;

/// <summary>Whatever a broker, the customers and crashes do to an order, it ends once and the books add up. A failing schedule is shrunk and printed with its seed.</summary>
public sealed class DisorderTests(SimulatedShop shop) : IClassFixture<SimulatedShop>
{
    static readonly string[] Moments = ["order.created", "payment.processed", "order.confirmed", "inventory.reserved"];

    static readonly Gen<Schedule> Schedules = Gen.Select(
        Gen.Int,
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 25], Gen.OneOfConst("tok_success", "tok_success", "tok_success", "tok_card_declined"), Gen.OneOfConst<string?>([null, null, .. Moments])).Array[1, 12],
        Gen.Select(Gen.OneOfConst("Order", "Payment", "Inventory", "Notification"), Gen.Int[1, 60]).Array[0, 2]).Select((seed, orders, crashes) => new Schedule(
            seed, [.. orders.Select(order => (new Facts { Product = $"PROD-00{order.Item1}", Quantity = order.Item2 }, order.Item3, order.Item4))], crashes));

    [Fact]
    public async Task Any_schedule_ends_in_books_that_add_up() =>
        await Schedules.SampleAsync(async schedule => await shop.Run(schedule), iter: 3, threads: 1, print: Print);

    [Fact]
    public async Task A_thousand_cancellations_at_the_moment_of_payment_or_reservation_end_each_order_once_and_refund_what_was_charged()
    {
        Facts[] orders = [.. Enumerable.Range(0, 1000).Select(i => new Facts { Product = $"PROD-{4 + i % 17:000}", Quantity = 1 })];

        var books = await shop.Run(new(1, [.. orders.Select((order, i) => (order, i % 50 == 0 ? "tok_lost_answer" : "tok_success", (string?)Moments[i % Moments.Length]))], []));

        var all = orders.Select(order => order.Order).ToHashSet();
        var ended = books.Orders.Where(order => all.Contains(order.Id)).ToList();
        ended.Count.ShouldBe(1000);
        shop.Ended.Where(all.Contains).Order().ShouldBe(all.Order(), "each ended once");
        var payments = books.Payments.Where(payment => all.Contains(payment.OrderId)).ToLookup(payment => payment.OrderId, payment => payment.Status);
        foreach (var order in ended)
            payments[order.Id].ShouldHaveSingleItem(order.Id).ShouldBeOneOf(order.Fulfilled ? ["PROCESSED"] : ["REFUNDED", "CANCELLED"]);
        // Who wins is the machine's affair; but whoever cancels behind the charge is in time.
        payments.ShouldContain(payment => payment.Single() == "REFUNDED");
    }

    static string Print(Schedule schedule) =>
        $"seed {schedule.Seed}; {string.Join(", ", schedule.Orders.Select(order => $"{order.Order.Order}: {order.Order.Quantity} {order.Order.Product} {order.Token} cancelled at {order.Cancels ?? "no time"}"))}; crashes {string.Join(", ", schedule.Crashes)}";
}
