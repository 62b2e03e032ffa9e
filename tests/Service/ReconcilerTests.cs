using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>What is owed to an open order is asked for again, whatever was lost.</summary>
public sealed class ReconcilerTests
{
    const int Count = 500;
    static readonly TimeSpan Healing = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task All_open_orders_are_fulfilled_though_the_sagas_store_was_lost_while_facts_came()
    {
        await using var service = await ServiceProcess.Start("Order", Database.Sqlite);
        Facts[] orders = [.. Enumerable.Range(0, Count).Select(_ => new Facts())];
        await Deliver(orders, order => order.Checkout);
        await Deliver(orders[..200], order => order.Processed());
        await Sent("order.confirmed", 200);

        // Some facts come while the sidecar is away, some while it knows of no saga.
        await service.Sidecar.LoseWorkflows(() => Task.WhenAll(
            Deliver(orders[200..300], order => order.Processed()), Deliver(orders[..100], order => order.Reserved)));
        await Deliver(orders[300..], order => order.Processed());
        await Sent("order.confirmed", Count);
        await Deliver(orders[100..], order => order.Reserved);

        await Eventually.Until(async () => await service.Count("orders WHERE status = 'FULFILLED' AND closed_at IS NOT NULL") == Count, Healing, $"{Count} orders are fulfilled");
        await Sent("notification.send", Count);
        service.Sidecar.PublishedOn("notification.send").DistinctBy(mail => mail.Id).Count().ShouldBe(Count);

        Task Deliver(IEnumerable<Facts> some, Func<Facts, string> fact) =>
            Parallel.ForEachAsync(some, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (order, _) => (await service.Once(fact(order))).ShouldBe("SUCCESS"));

        Task Sent(string topic, int count) => Eventually.Until(
            () => service.Sidecar.PublishedOn(topic).Select(e => e.Key).Distinct().Count() == count, Healing, $"{topic} of {count} orders");
    }

    [Fact]
    public async Task Sagas_whose_calls_hang_keep_no_other_waiting()
    {
        var hanging = 0;
        await using var service = await ServiceProcess.Start("Order", Database.Sqlite);
        // As many as are told side by side; and nobody else tells them.
        service.Sidecar.OnWorkflow = call => call == "GetInstance" || call == "StartInstance" && Interlocked.Increment(ref hanging) <= 16 ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;
        for (var i = 0; i < 16; i++)
            await service.Takes(new Facts().Checkout);
        await Eventually.Until(() => hanging == 16, Healing, "16 calls hang");

        var facts = new Facts();
        await service.Takes(facts.Checkout);
        await service.Takes(facts.Processed());

        await service.Sends("order.confirmed", facts.Order);
    }

    [Fact]
    public async Task An_order_is_healed_though_the_first_look_at_its_saga_hangs()
    {
        int starts = 0, looks = 0;
        await using var service = await ServiceProcess.Start("Order", Database.Sqlite, new Dictionary<string, string> { ["SAGA_TIMEOUT_SECONDS"] = "5" });
        service.Sidecar.Away.Add("payment-service");
        service.Sidecar.OnWorkflow = call => call switch
        {
            "StartInstance" when Interlocked.Increment(ref starts) == 1 => throw new InvalidOperationException("not now"),
            "GetInstance" when Interlocked.Increment(ref looks) == 1 => Task.Delay(Timeout.Infinite),
            _ => Task.CompletedTask,
        };

        await service.Takes(new Facts().Checkout);

        await Eventually.Until(() => starts == 2, Healing, "the saga is started");
        looks.ShouldBeGreaterThan(1);
        (await service.Metric("ecom_sagas_restarted_total", "")).ShouldBe(1);
    }
}
