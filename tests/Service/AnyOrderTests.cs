using CsCheck;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>
/// For each subscriber: the events of a few orders, in any order and any of them again, come to what the set of them says.
/// A failing sequence is shrunk and printed with the seed that replays it.
/// </summary>
public sealed class AnyOrderTests
{
    const int Sequences = 40, Orders = 3;
    const string Letter = """{"recipient_email":"a@example.com","notification_type":"order_fulfilled","data":{"items":[{"product_id":"PROD-001","quantity":1,"price":1.00,"item_total":1.00}],"total_amount":1.00}}""";
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Inventory_holds_stock_for_the_orders_that_were_asked_for_and_not_cancelled()
    {
        await using var service = await ServiceProcess.Start("Inventory", Database.Sqlite, new Dictionary<string, string> { ["INITIAL_STOCK"] = "200" });

        await Sample(["confirmed", "cancelled"], async sequence =>
        {
            Facts[] orders = [.. Enumerable.Range(0, Orders).Select(_ => new Facts())];
            await Bring(service, sequence, orders, (facts, what) => what == "confirmed" ? facts.Confirmed : facts.Cancelled);

            foreach (var (order, happened) in Happened(sequence, orders))
            {
                string[] expected = happened.Contains("cancelled") ? ["RELEASED", "CANCELLED"] : ["RESERVED", "REFUSED"];
                (await service.Query($"SELECT status FROM order_reservations WHERE order_id = '{order.Order}'")).ShouldHaveSingleItem().ShouldBeOneOf(expected);
                service.Sent("inventory.reserved", order.Order).Count.ShouldBeLessThanOrEqualTo(1);
                service.Sent("inventory.released", order.Order).Count.ShouldBeLessThanOrEqualTo(1);
            }
        });

        (await service.Query("SELECT sum(reserved) - (SELECT coalesce(sum(quantity), 0) FROM stock_reservations WHERE status = 'RESERVED') FROM products")).ShouldBe(["0"]);
        (await service.Query("SELECT sum(stock + reserved - initial_stock) FROM products")).ShouldBe(["0"]);
        service.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public async Task Payment_keeps_the_money_of_the_orders_that_were_not_cancelled()
    {
        await using var service = await ServiceProcess.Start("Payment", Database.Sqlite);

        await Sample(["created", "cancelled"], async sequence =>
        {
            Facts[] orders = [.. Enumerable.Range(0, Orders).Select(_ => new Facts())];
            await Bring(service, sequence, orders, (facts, what) => what == "created" ? facts.Created(facts == orders[0] ? "tok_card_declined" : "tok_success") : facts.Cancelled);

            foreach (var (order, happened) in Happened(sequence, orders))
            {
                string[] expected = (happened.Contains("cancelled"), order == orders[0]) switch
                {
                    (true, true) => ["CANCELLED", "FAILED"],
                    (true, false) => ["CANCELLED", "REFUNDED"],
                    (false, true) => ["FAILED"],
                    (false, false) => ["PROCESSED"],
                };
                await Eventually.Until(async () => (await service.Query($"SELECT status FROM payments WHERE order_id = '{order.Order}'")).Intersect(expected).Any(), Soon, $"{order.Order} is {string.Join(" or ", expected)}");
                var kept = expected is ["PROCESSED"] ? 1 : 0;
                await Eventually.Until(async () => await service.Count($"gateway_charges WHERE order_id = '{order.Order}' AND declined IS NULL AND voided_at IS NULL") == kept, Soon, $"the gateway keeps {kept} charges of {order.Order}");
                service.Sent("payment.processed", order.Order).Count.ShouldBeLessThanOrEqualTo(1);
                service.Sent("payment.refunded", order.Order).Count.ShouldBeLessThanOrEqualTo(1);
            }
        });

        service.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_order_ends_once_whatever_payment_and_inventory_say_in_whatever_order()
    {
        await using var service = await ServiceProcess.Start("Order", Database.Sqlite);

        await Sample(["checkout", "processed", "failed", "refunded", "reserved", "depleted", "released"], async sequence =>
        {
            Facts[] orders = [.. Enumerable.Range(0, Orders).Select(_ => new Facts())];
            foreach (var facts in orders)
                await service.Takes(facts.Checkout);
            await Bring(service, sequence, orders, (facts, what) => what switch
            {
                "checkout" => facts.Checkout,
                "processed" => facts.Processed(),
                "failed" => facts.Failed,
                "refunded" => facts.Refunded,
                "reserved" => facts.Reserved,
                "depleted" => facts.Depleted,
                _ => facts.Released,
            });

            foreach (var (order, happened) in Happened(sequence, orders))
            {
                if (happened.Contains("failed") && !happened.Contains("processed"))
                    await Eventually.Until(async () => (await Status(order)) == "CANCELLED", Soon, $"{order.Order} is cancelled");
                if (!happened.Contains("reserved") || !happened.Contains("processed"))
                    (await Status(order)).ShouldNotBe("FULFILLED");
            }
        });

        await Eventually.Until(async () => Told().Count == await service.Count("orders WHERE closed_at IS NOT NULL") && await service.Count("outbox_events") == 0, Soon, "every end is told");
        Told().ShouldBeUnique();
        service.DeadLetters.ShouldBeEmpty();

        List<string> Told() => [.. service.Sidecar.PublishedOn("notification.send").DistinctBy(record => record.Id).Select(record => (string)record.Data["order_id"]!)];

        async Task<string> Status(Facts order) => (await service.Query($"SELECT status FROM orders WHERE order_id = '{order.Order}'")).Single();
    }

    [Fact]
    public async Task Notification_mails_once_of_each_event()
    {
        await using var service = await ServiceProcess.Start("Notification", Database.Sqlite);

        await Sample(["send", "depleted", "low"], async sequence =>
        {
            Facts[] orders = [.. Enumerable.Range(0, Orders).Select(_ => new Facts { Product = $"P-{Guid.NewGuid():N}" })];
            await Bring(service, sequence, orders, (facts, what) => what switch
            {
                "send" => Events.New("notification.send", Letter).With("data.user_id", $"\"{facts.User}\"").With("data.order_id", $"\"{facts.Order}\""),
                "depleted" => facts.Depleted,
                _ => Events.New("inventory.low", $$"""{"product_id":"{{facts.Product}}","current_stock":5,"threshold":10}"""),
            });

            foreach (var (order, happened) in Happened(sequence, orders))
                await Eventually.Until(() => Mails(order) >= happened.Count, Soon, $"{happened.Count} mails of {order.Order}");
            foreach (var (order, happened) in Happened(sequence, orders))
                Mails(order).ShouldBe(happened.Count);
        });

        (await service.Count("notifications")).ShouldBe(service.Sidecar.Mails.Count);
        service.DeadLetters.ShouldBeEmpty();

        int Mails(Facts order) => service.Sidecar.Mails.Count(mail => mail.Subject.Contains(order.Order) || mail.Subject.Contains(order.Product));
    }

    static Task Sample(string[] kinds, Func<(int Order, string What)[], Task> check) =>
        Gen.Select(Gen.Int[0, Orders - 1], Gen.OneOfConst(kinds)).Array[1, 12].SampleAsync(check, iter: Sequences, threads: 4, print: sequence => string.Join(", ", sequence));

    /// <summary>One after another; what comes again is the same event.</summary>
    static async Task Bring(ServiceProcess service, (int Order, string What)[] sequence, Facts[] orders, Func<Facts, string, string> tell)
    {
        Dictionary<(int, string), string> told = [];
        foreach (var (order, what) in sequence)
            await service.Takes(told.TryGetValue((order, what), out var again) ? again : told[(order, what)] = tell(orders[order], what));
    }

    static IEnumerable<(Facts Order, IReadOnlyCollection<string> Happened)> Happened((int Order, string What)[] sequence, Facts[] orders) =>
        sequence.GroupBy(step => step.Order).Select(steps => (orders[steps.Key], (IReadOnlyCollection<string>)[.. steps.Select(step => step.What).Distinct()]));
}
