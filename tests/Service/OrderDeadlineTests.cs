using Ecom.Tests.Support;
using Grpc.Core;

namespace Ecom.Tests.Service;

public sealed class HastyOrder() : OrderFixture(Database.Sqlite, timeout: "0.5");

/// <summary>How long an order waits for an answer, and what is done about what does not come.</summary>
public sealed class OrderDeadlineTests(HastyOrder fixture) : IClassFixture<HastyOrder>
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    /// <summary>In looks at a waiting order, of which a deadline has five.</summary>
    const int ThreeDeadlines = 15;
    readonly ServiceProcess service = fixture.Service;
    readonly Facts facts = new();

    [Fact]
    public async Task An_order_that_payment_never_answers_is_cancelled_at_the_deadline()
    {
        await service.Takes(facts.Checkout);

        var cancelled = await service.Sends("order.cancelled", facts.Order);

        ((string?)cancelled.Data["cancellation_source"]).ShouldBe("timeout");
        await service.Takes(facts.NothingCharged);
        await service.Sends("notification.send", facts.Order);
    }

    [Fact]
    public async Task No_deadline_runs_while_payment_is_away_and_it_is_asked_again_when_it_is_back()
    {
        service.Sidecar.Away.Add("payment-service");
        await service.Takes(facts.Checkout);
        await Eventually.Until(async () => await Looks() > ThreeDeadlines, Soon, "the order has waited three times as long as it may");
        service.Sent("order.cancelled", facts.Order).ShouldBeEmpty();

        service.Sidecar.Away.Remove("payment-service");

        await Eventually.Until(() => service.Sidecar.PublishedOn("order.created").Count(r => (string?)r.Data["order_id"] == facts.Order) > 1, Soon, "the question again");
        service.Sent("order.created", facts.Order).Count.ShouldBe(1, "the question again is the same event");
        ((string?)(await service.Sends("order.cancelled", facts.Order)).Data["cancellation_source"]).ShouldBe("timeout");
    }

    [Fact]
    public async Task No_deadline_runs_while_inventory_is_away()
    {
        string[] away = ["payment-service", "inventory-service"];
        service.Sidecar.Away.UnionWith(away);
        await service.Takes(facts.Checkout);
        await service.Takes(facts.Processed());
        await service.Sends("order.confirmed", facts.Order);

        await Eventually.Until(async () => await Looks() > ThreeDeadlines, Soon, "the order has waited three times as long as it may");
        await service.Takes(facts.Reserved);
        service.Sidecar.Away.ExceptWith(away);

        await Eventually.Until(async () => await service.Count($"orders WHERE order_id = '{facts.Order}' AND status = 'FULFILLED'") == 1, Soon, "it is fulfilled");
    }

    [Fact]
    public async Task No_deadline_runs_while_the_broker_is_away()
    {
        service.Sidecar.OnPublish = (_, _) => new(new(StatusCode.Unavailable, "the broker is away"));
        await service.Takes(facts.Checkout);
        await Eventually.Until(async () => await Looks() > ThreeDeadlines, Soon, "payment's answer has been waited for three times as long as it may");
        await service.Takes(facts.Processed());
        await Eventually.Until(async () => await Looks() > 2 * ThreeDeadlines, Soon, "inventory's answer has been waited for as long");
        await service.Takes(facts.Reserved);
        await Eventually.Until(async () => await service.Count($"orders WHERE order_id = '{facts.Order}' AND status = 'FULFILLED'") == 1, Soon, "it is fulfilled");

        service.Sidecar.OnPublish = (_, _) => null;

        await service.Sends("notification.send", facts.Order);
        await service.Sends("order.confirmed", facts.Order);
        service.Sent("order.confirmed", facts.Order).ShouldHaveSingleItem();
        service.Sent("order.cancelled", facts.Order).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_owed_for_longer_than_it_should_be_is_told_in_the_log_and_in_a_metric()
    {
        service.Sidecar.Away.Add("payment-service");
        await service.Takes(facts.Checkout);

        await service.Execute($"UPDATE orders SET updated_at = datetime('now', '-90 seconds'), asked_at = datetime('now', '-90 seconds') WHERE order_id = '{facts.Order}'");

        await Eventually.Until(() => service.Output.Any(line => line.Contains(facts.Order) && line.Contains("has waited for") && line.Contains("PaymentAnswer")), Soon, "the log tells");
        await Eventually.Until(async () => await service.Metric("ecom_orders_owed_seconds", "owed=\"payment_answer\"") >= 90, Soon, "the metric tells");
        service.Sidecar.Away.Remove("payment-service");
    }

    [Fact]
    public async Task A_refund_that_was_lost_is_asked_for_again_until_it_comes()
    {
        await service.Takes(facts.Checkout);
        await service.Takes(facts.Processed());
        await service.Takes(facts.Depleted);

        await Eventually.Until(() => service.Sidecar.PublishedOn("order.cancelled").Count(r => (string?)r.Data["order_id"] == facts.Order) > 2, Soon, "order.cancelled again and again");
        service.Sent("notification.send", facts.Order).ShouldBeEmpty();
        await service.Takes(facts.Refunded);

        await service.Sends("notification.send", facts.Order);
        service.Sent("order.cancelled", facts.Order).Count.ShouldBe(1);
    }

    /// <summary>How often the reconciler has looked: each look writes the row's time anew.</summary>
    async Task<int> Looks()
    {
        var looked = (await service.Query($"SELECT looked_at FROM orders WHERE order_id = '{facts.Order}'"))[0];
        lookedAt.Add(looked);
        return lookedAt.Count;
    }

    readonly HashSet<string> lookedAt = [];

    [Fact]
    public async Task A_paid_order_that_inventory_never_answers_is_cancelled_and_closed_by_its_refund()
    {
        await service.Takes(facts.Checkout);
        await service.Takes(facts.Processed());
        ((string?)(await service.Sends("order.cancelled", facts.Order)).Data["cancellation_source"]).ShouldBe("timeout");
        await service.Takes(facts.Reserved);
        await service.Takes(facts.Released);
        await service.Takes(facts.Refunded);

        await service.Sends("notification.send", facts.Order);
        (await service.Query($"SELECT status FROM orders WHERE order_id = '{facts.Order}'")).ShouldBe(["CANCELLED"]);
    }
}
