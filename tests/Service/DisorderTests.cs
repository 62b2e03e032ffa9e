using CsCheck;

namespace Ecom.Tests.Service;

/// <summary>Whatever a broker, the customers and crashes do to an order, it ends once, the books add up, and analytics-service has counted what happened. A failing schedule is shrunk and printed with its seed.</summary>
public sealed class DisorderTests(SimulatedShop shop) : IClassFixture<SimulatedShop>
{
    static readonly string[] Moments = ["order.created", "payment.processed", "order.confirmed", "inventory.reserved"];

    static readonly Gen<Schedule> Schedules = Gen.Select(
        Gen.Int,
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 25], Gen.OneOfConst("tok_success", "tok_success", "tok_success", "tok_card_declined"), Gen.OneOfConst<string?>([null, null, .. Moments])).Array[1, 12],
        Gen.Select(Gen.OneOfConst("Cart", "Order", "Payment", "Inventory", "Notification", "Analytics"), Gen.Int[1, 60]).Array[0, 2]).Select((seed, orders, crashes) => new Schedule(
            seed, [.. orders.Select(order => new Purchase($"PROD-00{order.Item1}", order.Item2, order.Item3, order.Item4))], crashes));

    [Fact]
    public async Task Any_schedule_ends_in_books_that_add_up() =>
        await Schedules.SampleAsync(async schedule => await shop.Run(schedule), iter: 3, threads: 1, print: Print);

    [Fact]
    public async Task A_thousand_cancellations_at_the_moment_of_payment_or_reservation_end_each_order_once_and_refund_what_was_charged()
    {
        Purchase[] purchases = [.. Enumerable.Range(0, 1000).Select(i => new Purchase($"PROD-{4 + i % 17:000}", 1, i % 50 == 0 ? "tok_lost_answer" : "tok_success", Moments[i % Moments.Length]))];

        var books = await shop.Run(new(1, purchases, []));

        var customers = purchases.Select(purchase => purchase.User).ToHashSet();
        var ended = books.Orders.Where(order => customers.Contains(order.Customer)).ToList();
        ended.Count.ShouldBe(1000);
        var all = ended.Select(order => order.Id).ToHashSet();
        shop.Ended.Where(all.Contains).Order().ShouldBe(all.Order(), "each ended once");
        var payments = books.Payments.Where(payment => all.Contains(payment.OrderId)).ToLookup(payment => payment.OrderId, payment => payment.Status);
        foreach (var order in ended)
            payments[order.Id].ShouldHaveSingleItem(order.Id).ShouldBeOneOf(order.Fulfilled ? ["PROCESSED"] : ["REFUNDED", "CANCELLED"]);
        // Who wins is the machine's affair; but whoever cancels behind the charge is in time.
        payments.ShouldContain(payment => payment.Single() == "REFUNDED");
    }

    static string Print(Schedule schedule) =>
        $"seed {schedule.Seed}; {string.Join(", ", schedule.Purchases.Select(order => $"{order.User}: {order.Quantity} {order.Product} {order.Token} cancelled at {order.Cancels ?? "no time"}"))}; crashes {string.Join(", ", schedule.Crashes)}";
}
