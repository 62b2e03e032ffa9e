using System.Globalization;
using System.Text.Json.Nodes;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>analytics-service where no Spark computes: the five tables from the events themselves.</summary>
public sealed class ComputedAnalyticsTests : IAsyncLifetime
{
    ServiceProcess service = null!;

    public async ValueTask InitializeAsync() => service = await ServiceProcess.Start("Analytics", Database.Sqlite);

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task It_asks_for_the_shops_events_in_bulk_and_not_for_Sparks_results()
    {
        var subscriptions = (await service.Get("/dapr/subscribe")).AsArray();

        subscriptions.Select(s => (string)s!["topic"]!).Order().ShouldBe(Contracts.FlowRules.Watched.Concat(["analytics.applied_letters", "shop.heartbeat"]).Order());
        subscriptions.Where(s => (string)s!["topic"]! != "dlq.events").ShouldAllBe(s => (string)s!["deadLetterTopic"]! == "dlq.events");
        subscriptions.Where(s => (string)s!["topic"]! != "analytics.applied_letters").ShouldAllBe(s => (bool)s!["bulkSubscribe"]!["enabled"]!);
    }

    [Fact]
    public async Task Events_delivered_twice_and_out_of_order_count_once()
    {
        string[] paid = [.. Enumerable.Range(0, 40).Select(i => Paid(i % 3, "10.01", $"p-{i}"))];

        await Task.WhenAll(Deliver(paid.Reverse()), Deliver(paid), Deliver(paid.Skip(20).Concat(paid.Take(30))));
        await Deliver(paid);

        (await Rows("revenue")).Select(r => $"{r["window_start"]} {r["total_revenue"]} {r["order_count"]} {r["avg_order_value"]}").ShouldBe(
            [$"{At(2)} 130.13 13 10.01", $"{At(1)} 130.13 13 10.01", $"{At(0)} 140.14 14 10.01"]);
    }

    [Fact]
    public async Task Killed_at_any_moment_it_counts_every_event_once()
    {
        const int events = 1200;
        var left = new Stack<string[]>(Enumerable.Range(0, events).Select(i => Paid(i % 9, "1.00", $"k-{i}")).Chunk(25));
        var kills = 0;

        while (left.Count > 0)
        {
            var parts = Enumerable.Range(0, 4).Select(_ => left.TryPop(out var part) ? part : []).Where(part => part.Length > 0).ToList();
            var answers = parts.Select(part => TryDeliver(part)).ToList();
            if (kills < 6 && left.Count % 7 == 0)
            {
                kills++;
                await service.KillAndStartAgain();
            }
            foreach (var (part, answered) in parts.Zip(await Task.WhenAll(answers)))
                if (!answered)
                    left.Push(part);
        }

        kills.ShouldBe(6);
        (await Rows("revenue")).Sum(r => (int)r["order_count"]!).ShouldBe(events);
        (await Rows("operations")).Where(r => (string?)r["topic"] == "payment.processed").Sum(r => (int)(decimal)r["value"]!).ShouldBe(events);
    }

    [Fact]
    public async Task After_a_kill_it_still_knows_carts_orders_and_copies()
    {
        await Deliver([Event("cart.item_added", 0, """{"user_id":"ann","product_id":"PROD-001","quantity":1,"price":9.99}"""), Event("cart.item_added", 1, """{"user_id":"bob","product_id":"PROD-002","quantity":1,"price":9.99}""")]);
        await Deliver([Event("cart.checkout_initiated", 2, Checkout("bob"))]);
        await Deliver([Created(0, "ann", "ORD-1", 10), Created(1, "ann", "ORD-2", 10), Created(2, "ann", "ORD-3", 10)]);
        await Deliver([Paid(0, "5.00", "once")]);

        await service.KillAndStartAgain();
        await Deliver([Paid(0, "5.00", "once"), Paid(0, "6.00")]);
        await Deliver([Created(3, "ann", "ORD-4", 10)]);
        await Deliver([Event("cart.item_removed", 45, """{"user_id":"zoe","product_id":"PROD-009"}""")]);

        ((decimal)(await Rows("revenue")).ShouldHaveSingleItem()["total_revenue"]!).ShouldBe(11m);
        (await Rows("abandonment")).Select(r => $"{r["user_id"]} {r["product_id"]} {r["item_added_time"]} {r["detected_at"]}").ShouldBe([$"ann PROD-001 {At(0)} {At(30)}"]);
        (await Rows("fraud")).Select(r => $"{r["user_id"]} {r["alert_type"]} {r["severity"]} {r["window_start"]} {r["details"]}").ShouldBe(
            [$"ann unusual_order_frequency HIGH {At(0)} 4 orders in 5 minutes", $"ann unusual_order_frequency HIGH {At(-1)} 4 orders in 5 minutes"]);
    }

    [Fact]
    public async Task A_topic_that_is_read_ahead_of_another_does_not_make_it_late()
    {
        const int hours = 4;
        var failed = Enumerable.Range(0, hours * 60 / 5).Select(i => Event("payment.failed", i * 5, $$"""{"order_id":"ORD-{{i}}","user_id":"u-{{i}}","reason":"card_declined"}""")).ToArray();
        var created = Enumerable.Range(0, hours * 60).Select(i => Created(i, $"u-{i}", $"ORD-{i}", 2000)).Chunk(10);

        // As the sidecar does after a pause: all of the quiet topic in one piece, the busy one piece by piece.
        var quiet = Deliver(failed);
        // The next parts are there before the last is answered, however slow this test is.
        await Parallel.ForEachAsync(created, new ParallelOptions { MaxDegreeOfParallelism = 24 }, async (part, _) => await Deliver(part));
        await quiet;

        (await Rows("fraud")).Count(r => (string?)r["alert_type"] == "high_order_value").ShouldBe(Math.Min(1000, hours * 60 * 5));
    }

    [Fact]
    public async Task Fraud_is_told_once_and_again_only_when_it_grows()
    {
        await Deliver([Created(0, "ann", "ORD-1", 1500)]);
        await Deliver([Created(0, "ann", "ORD-2", 1200)]);
        await Deliver([Created(0, "ann", "ORD-3", 6000)]);

        await Eventually.Until(() => service.Sidecar.PublishedOn("fraud.detected").Count == 10, TimeSpan.FromSeconds(20), "the alerts have gone out");
        service.Sidecar.PublishedOn("fraud.detected").Select(r => $"{r.Key} {r.Data["order_id"]} {r.Data["severity"]}").Distinct().ShouldBe(["ann ORD-1 HIGH", "ann ORD-3 CRITICAL"]);
        (await Rows("fraud")).Select(r => (string?)r["order_id"]).Distinct().ShouldBe(["ORD-3"]);
    }

    [Fact]
    public async Task What_is_no_event_becomes_a_dead_letter_and_the_others_of_the_call_count()
    {
        string[] bad =
        [
            "{}", "5", "\"text\"", "null", """{"specversion":"1.0","id":"x","type":"payment.processed","source":"s","time":"2026-03-01T10:00:00Z","data":{}}""",
            Event("payment.failed", 0, "{}"), Paid(0, "-1.00"), Paid(0, "1.00").With("time", "\"2999-01-01T00:00:00Z\""),
        ];

        await Deliver([Paid(0, "1.00"), .. bad, Paid(0, "2.00")], "payment.processed");

        ((decimal)(await Rows("revenue")).ShouldHaveSingleItem()["total_revenue"]!).ShouldBe(3m);
        await Eventually.Until(() => service.DeadLetters.Count == bad.Length, TimeSpan.FromSeconds(20), "the dead letters have gone out");
        service.DeadLetters.ShouldAllBe(letter => (string?)letter["original_topic"] == "payment.processed" && (string?)letter["subscriber"] == "analytics-service");
        service.DeadLetters.Select(letter => (string?)letter["error_reason"]).ShouldContain(reason => reason!.Contains("more than a minute"));
    }

    [Fact]
    public async Task What_comes_too_late_is_told_once_for_each_table_that_lacks_it()
    {
        await Deliver([Paid(30, "1.00")]);

        await Deliver([Paid(20, "2.00"), Paid(0, "3.00"), Paid(21, "4.00")]);

        (await Rows("operations")).Where(r => (string?)r["metric_name"] == "late_events").Select(r => $"{r["topic"]} {(decimal)r["value"]!:0} {r["status"]}").Order().ShouldBe(
            ["operational_metrics 2 WARNING", "revenue_streaming 2 WARNING"]);
        (await Rows("revenue")).Select(r => (decimal)r["total_revenue"]!).ShouldBe([1m, 4m]);
    }

    [Fact]
    public async Task A_dead_letter_counts_as_an_event_of_its_topic()
    {
        var letter = Event("dlq.events", 0, """{"original_topic":"order.created","event_id":"e","error_reason":"r","error_type":"t","retry_count":3,"timestamp":"2026-03-01T10:00:00Z","subscriber":"s","payload":{}}""");

        await service.DeliverRaw("dlq.events", [letter, letter]);
        await service.DeliverRaw("dlq.events", [letter]);

        var row = (await Rows("operations")).Single(r => (string?)r["topic"] == "dlq.events");
        ((decimal)row["value"]!).ShouldBe(1);
        (await service.Count("dead_letters")).ShouldBe(1);
    }

    [Fact]
    public async Task Heartbeats_close_carts_and_minutes_where_nothing_else_comes()
    {
        string Beat(int minute) => Event("shop.heartbeat", minute, $$"""{"minute":"{{At(minute)}}","rhythm":[{"topic":"order.created","per_minute":12.00},{"topic":"payment.processed","per_minute":12.00},{"topic":"inventory.low","per_minute":0}]}""");
        await Deliver([Event("cart.item_added", 0, """{"user_id":"ann","product_id":"PROD-001","quantity":1,"price":9.99}""")]);
        await Deliver([Paid(0, "1.00")]);
        foreach (var minute in (int[])[0, 1])
            await Deliver([Beat(minute)]);
        await service.KillAndStartAgain();
        await Deliver([Beat(41)]);

        (await Rows("abandonment")).Select(r => $"{r["user_id"]} {r["detected_at"]}").ShouldBe([$"ann {At(30)}"]);
        (await Rows("operations")).Where(r => (string?)r["window_start"] != At(41)).Select(r => $"{r["window_start"]} {r["topic"]} {(int)(decimal)r["value"]!} {r["status"]}").ShouldBe(
        [
            $"{At(1)} inventory.low 0 HEALTHY", $"{At(1)} order.created 0 CRITICAL", $"{At(1)} payment.processed 0 CRITICAL",
            $"{At(0)} cart.item_added 1 HEALTHY", $"{At(0)} inventory.low 0 HEALTHY", $"{At(0)} order.created 0 CRITICAL", $"{At(0)} payment.processed 1 HEALTHY",
        ]);
        (await service.Count("journal WHERE topic = 'shop.heartbeat'")).ShouldBe(0);
    }

    [Fact]
    public async Task It_tells_of_each_minute_once_whoever_tells()
    {
        await Eventually.Until(() => service.Sidecar.PublishedOn("shop.heartbeat").Count > 0, TimeSpan.FromSeconds(30), "a minute is over");
        var before = service.Sidecar.PublishedOn("shop.heartbeat").Count;
        await service.KillAndStartAgain();
        await Eventually.Until(() => service.Sidecar.PublishedOn("shop.heartbeat").Count > before, TimeSpan.FromSeconds(30), "it is told again");

        var told = service.Sidecar.PublishedOn("shop.heartbeat");
        told.ShouldAllBe(e => (string?)e.Envelope["time"] == (string?)e.Data["minute"] && e.Data["rhythm"]!.AsArray().Select(of => (string)of!["topic"]!).SequenceEqual(Contracts.FlowRules.Watched));
        told.Select(e => e.Id).Distinct().Count().ShouldBe(told.Select(e => (string?)e.Data["minute"]).Distinct().Count());
    }

    [Fact]
    public async Task A_replay_counts_only_where_it_is_for_analytics_and_that_is_told()
    {
        string Replayed(string id, string appId) => Paid(0, "1.00", id).With("replayfor", $"\"{appId}\"").With("replayof", $"\"letter-{id}\"");

        await Deliver([Replayed("r-1", "order-service"), Replayed("r-2", "analytics-service")]);
        await service.DeliverBulk("payment.processed", ["""{"replayfor":"order-service","replayof":"letter-3"}"""]);

        ((int)(await Rows("revenue")).ShouldHaveSingleItem()["order_count"]!).ShouldBe(1);
        await Eventually.Until(() => service.Sidecar.PublishedOn("analytics.applied_letters").Count > 0, TimeSpan.FromSeconds(20), "the answer goes out");
        service.Sidecar.PublishedOn("analytics.applied_letters").Select(r => (string?)r.Data["letter_id"]).Distinct().ShouldBe(["letter-r-2"]);
        service.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_remembered_is_forgotten_when_it_matters_no_more()
    {
        foreach (var hour in Enumerable.Range(0, 12))
            await Deliver(Enumerable.Range(0, 60).Select(minute => Paid((hour * 60) + minute, "1.00")));

        (await service.Count("stream_batches")).ShouldBeLessThan(40);
        (await Rows("revenue")).Count.ShouldBe(720);
    }

    static string At(int minute) => new DateTime(2026, 3, 1, 10, 0, 0, DateTimeKind.Utc).AddMinutes(minute).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    static string Event(string topic, int minute, string data, string? id = null) => Events.New(topic, data, id, At(minute));

    static string Paid(int minute, string amount, string? id = null) =>
        Event("payment.processed", minute, $$"""{"payment_id":"PAY-1","order_id":"ORD-1","user_id":"ann","amount":{{amount}},"currency":"USD","method":"card"}""", id);

    static string Created(int minute, string user, string order, int amount) => Event("order.created", minute, Order(user, order, amount));

    static string Checkout(string user) => Order(user, "ORD-1", 10);

    static string Order(string user, string order, int amount) =>
        $$"""{"order_id":"{{order}}","user_id":"{{user}}","items":[{"product_id":"PROD-001","quantity":1,"price":{{amount}},"item_total":{{amount}}}],"total_amount":{{amount}}}""";

    async Task Deliver(IEnumerable<string> events, string? topic = null)
    {
        string[] all = [.. events];
        (await service.DeliverBulk(topic ?? Delivering.TopicOf(all[0]), all)).ShouldBe("SUCCESS");
    }

    /// <summary>False: the service died before it answered, or answered that it wants the events again.</summary>
    async Task<bool> TryDeliver(string[] events)
    {
        try
        {
            return await service.DeliverBulk("payment.processed", events) == "SUCCESS";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    async Task<List<JsonNode>> Rows(string table) => [.. (await service.Get($"/analytics/{table}?limit=1000"))["rows"]!.AsArray().Select(row => row!)];
}
