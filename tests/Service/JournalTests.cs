using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

/// <summary>What an order's events tell, whoever computes analytics.</summary>
public sealed class JournalBesideSpark() : ServiceFixture("Analytics", Database.Postgres, ("JOURNAL_DATA_HOURS", "1"), ("FOLLOW_HEARTBEAT_SECONDS", "300"));

public sealed class JournalEmbedded() : ServiceFixture("Analytics", Database.Sqlite, ("FOLLOW_HEARTBEAT_SECONDS", "300"));

public sealed class JournalPostgresTests(JournalBesideSpark fixture) : JournalTests(fixture.Service), IClassFixture<JournalBesideSpark>;

public sealed class JournalSqliteTests(JournalEmbedded fixture) : JournalTests(fixture.Service), IClassFixture<JournalEmbedded>;

public abstract class JournalTests(ServiceProcess service)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddMinutes(-5);
    readonly string order = Ids.NewOrder(), user = $"u-{Guid.NewGuid():N}", run = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task A_fulfilled_order_is_told_in_the_order_of_time_each_step_with_its_cause()
    {
        Answer("FULFILLED", ("placed", 20), ("paid", 60), ("fulfilled", 100));
        Mail("sent-1", "mail", 130);
        await Bring(Fulfilled);

        var story = await Story();

        Told(story).ShouldBe(
        [
            "cart.checkout_initiated  0", "placed checkout 20", "order.created checkout 20", "payment.processed created 50", "paid processed 60", "order.confirmed processed 60",
            "inventory.reserved confirmed 90", "fulfilled reserved 100", "notification.send reserved 100", "fulfilled mail 130",
        ]);
        ((string?)story["state"], (string?)story["user_id"], (decimal)story["total_amount"]!).ShouldBe(("FULFILLED", user, 20.00m));
        ((string?)story["trace_id"]).ShouldBe("0af7651916cd43dd8448eb211c80319c");
        story["missing"]!.AsArray().ShouldBeEmpty();
        Steps(story).Where(s => (string?)s["kind"] == "event").ShouldAllBe(s => s["data"] != null);
        Steps(story).Single(s => (string?)s["name"] == "inventory.reserved")["ms_since_cause"]!.GetValue<long>().ShouldBe(30);
        Steps(story).Single(s => (string?)s["kind"] == "mail")["data"]!["text"]!.ToString().ShouldBe("Thank you");
        story.ToJsonString().ShouldNotContain("customer@example.com");
    }

    [Fact]
    public async Task A_declined_order_tells_why()
    {
        Answer("CANCELLED", ("placed", 20), ("cancelled", 60), ("closed", 60));
        await Bring([Checkout, Created, E("failed", "payment.failed", "created", 50, $$"""{"order_id":"{{order}}","user_id":"{{user}}","reason":"card_declined"}"""), Cancelled("failed", "payment_failed", 60), MailEvent("order_cancelled", "failed", 60)]);

        var story = await Story();

        ((string?)story["state"], (string?)story["cancellation_source"]).ShouldBe(("CANCELLED", "payment_failed"));
        Told(story)[^4..].Order().ShouldBe(["cancelled failed 60", "closed failed 60", "notification.send failed 60", "order.cancelled failed 60"]);
        Steps(story).ShouldAllBe(step => step["cause_id"] == null || step["ms_since_cause"] != null);
        Steps(story).Single(s => (string?)s["name"] == "payment.failed")["summary"]!.ToString().ShouldBe("Not paid: card declined");
    }

    [Fact]
    public async Task A_cancelled_order_tells_of_the_refund_and_of_the_dead_letter_on_its_way()
    {
        var refund = E("refund", "payment.refunded", "cancelled", 80, $$"""{"payment_id":"PAY-1","order_id":"{{order}}","user_id":"{{user}}","amount":20.00,"reason":"customer"}""");
        await Bring([Checkout, Created, Processed, Cancelled(null, "customer", 70), refund, MailEvent("order_cancelled", "refund", 90)]);
        await service.DeliverRaw("dlq.events", [E("letter", "dlq.events", "refund", 95,
            $$"""{"original_topic":"payment.refunded","event_id":"{{Id("refund")}}","error_reason":"no room","error_type":"Again","retry_count":3,"timestamp":"{{Time(95)}}","subscriber":"order-service","payload":{{refund}}}""")]);

        var story = await Story();

        Told(story).ShouldBe(
        [
            "cart.checkout_initiated  0", "order.created checkout 20", "payment.processed created 50", "order.cancelled  70", "payment.refunded cancelled 80", "notification.send refund 90", "payment.refunded refund 95",
        ]);
        var letter = Steps(story).Single(s => (string?)s["kind"] == "dead_letter");
        ((string?)letter["service"], (string?)letter["status"], (string?)letter["summary"]).ShouldBe(("order-service", "OPEN", "order-service could not handle payment.refunded: no room"));
        ((string?)letter["data"]!["id"]).ShouldBe(Id("refund"));
        // order-service does not know the order, and says so.
        story["missing"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_event_twice_and_out_of_order_is_kept_once()
    {
        var events = Fulfilled.ToList();

        await Bring(Enumerable.Reverse(events));
        await Bring([.. events, events[0].With("replayfor", "\"order-service\"").With("replayof", "\"l-1\"")]);

        (await service.Count($"journal WHERE order_id = '{order}'")).ShouldBe(events.Count);
        var row = (await Orders($"search={order}")).ShouldHaveSingleItem();
        ((string?)row["state"], (string?)row["user_id"], (decimal)row["total_amount"]!, (int)row["items"]!).ShouldBe(("FULFILLED", user, 20.00m, 2));
        row["ended_at"].ShouldNotBeNull();
    }

    [Fact]
    public async Task Without_those_who_know_more_the_story_is_told_and_says_what_is_missing()
    {
        await using var alone = await ServiceProcess.Start("Analytics", Database.Sqlite);
        alone.Sidecar.Away.UnionWith(["order-service", "notification-service"]);
        await alone.DeliverBulk("cart.checkout_initiated", [Checkout]);

        var story = await alone.Get($"/orders/{order}/story");

        story["missing"]!.AsArray().Select(app => (string)app!).ShouldBe(["order-service", "notification-service"]);
        Told(story).ShouldBe(["cart.checkout_initiated  0"]);
        ((string?)story["state"]).ShouldBe("PENDING");
        await alone.Http.ShouldRefuse(503, "GET", $"/orders/{Ids.NewOrder()}/story");
    }

    [Fact]
    public async Task An_order_that_nobody_knows_has_no_story()
    {
        await service.Http.ShouldRefuse(404, "GET", $"/orders/{Ids.NewOrder()}/story");
        await service.Http.ShouldRefuse(422, "GET", "/orders/a%20b/story");
    }

    [Fact]
    public async Task Orders_are_read_by_state_by_customer_and_page_by_page()
    {
        string[] all = [.. Enumerable.Range(0, 5).Select(_ => Ids.NewOrder())];
        foreach (var (id, n) in all.Select((id, n) => (id, n)))
            await Bring([Checkout.Replace(order, id).With("id", $"\"{run}-{n}\""), .. n % 2 == 0 ? [Cancelled(null, "customer", 70).Replace(order, id).With("id", $"\"{run}-c{n}\"")] : Array.Empty<string>()]);

        List<string> seen = [];
        string? next = null;
        do
        {
            var page = await service.Get($"/orders?search={user}&limit=2{(next is null ? "" : $"&after={next}")}");
            seen.AddRange(page["orders"]!.AsArray().Select(o => (string)o!["order_id"]!));
            next = (string?)page["next"];
        }
        while (next is not null);

        seen.ShouldBe(all.OrderDescending(StringComparer.Ordinal));
        (await Orders($"search={user}&state=CANCELLED")).Select(o => $"{o["order_id"]} {o["cancellation_source"]}").Order(StringComparer.Ordinal).ShouldBe(all.Where((_, n) => n % 2 == 0).Select(id => $"{id} customer").Order(StringComparer.Ordinal));
        (await Orders($"search={all[0]}")).Count.ShouldBe(1);
        foreach (var query in (string[])["state=OPEN", "limit=0", "search=a%20b", "after=x"])
            await service.Http.ShouldRefuse(422, "GET", $"/orders?{query}");
    }

    [Fact]
    public async Task A_change_is_told_after_its_commit_with_the_orders_that_it_is_about()
    {
        using var answer = await service.Http.GetAsync("/analytics/changes", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        answer.Headers.GetValues("X-Accel-Buffering").ShouldBe(["no"]);

        await Bring([Checkout]);

        using var deadline = new CancellationTokenSource(Eventually.OnABusyMachine(Soon));
        while (await lines.ReadLineAsync(deadline.Token) is { } line)
            if (line.StartsWith("data: ", StringComparison.Ordinal) && JsonNode.Parse(line[6..])! is var change && change["orders"]?.AsArray().Select(o => (string?)o).Contains(order) == true)
            {
                change["tables"]!.AsArray().Select(t => (string?)t).ShouldContain("orders");
                return;
            }
        throw new InvalidOperationException("the stream has ended");
    }

    IEnumerable<string> Fulfilled => [Checkout, Created, Processed, Confirmed, Reserved, MailEvent("order_fulfilled", "reserved", 100)];

    string Lines => """[{"product_id":"PROD-001","quantity":2,"price":10.00,"item_total":20.00}]""";

    string Checkout => E("checkout", "cart.checkout_initiated", null, 0, $$"""{"order_id":"{{order}}","user_id":"{{user}}","items":{{Lines}},"total_amount":20.00}""", "cart-service");

    string Created => E("created", "order.created", "checkout", 20, $$"""{"order_id":"{{order}}","user_id":"{{user}}","items":{{Lines}},"total_amount":20.00,"payment_token":null}""");

    string Processed => E("processed", "payment.processed", "created", 50, $$"""{"payment_id":"PAY-1","order_id":"{{order}}","user_id":"{{user}}","amount":20.00,"currency":"USD","method":"card"}""", "payment-service");

    string Confirmed => E("confirmed", "order.confirmed", "processed", 60, $$"""{"order_id":"{{order}}","user_id":"{{user}}","items":{{Lines}}}""");

    string Reserved => E("reserved", "inventory.reserved", "confirmed", 90, $$"""{"order_id":"{{order}}","items":[{"product_id":"PROD-001","quantity":2}]}""", "inventory-service");

    string Cancelled(string? cause, string source, int ms) => E("cancelled", "order.cancelled", cause, ms, $$"""{"order_id":"{{order}}","user_id":"{{user}}","reason":"why","cancellation_source":"{{source}}"}""");

    string MailEvent(string type, string cause, int ms) => E("mail", "notification.send", cause, ms,
        $$"""{"user_id":"{{user}}","recipient_email":"customer@example.com","notification_type":"{{type}}","order_id":"{{order}}","data":{"items":{{Lines}},"total_amount":20.00,"reason":"why","cancellation_source":{{(type == "order_cancelled" ? "\"customer\"" : "null")}} } }""");

    string Id(string name) => $"{run}-{name}";

    static string Time(int ms) => Start.AddMilliseconds(ms).ToString("O");

    /// <summary>An event, caused by another of this test, so many milliseconds after the beginning.</summary>
    string E(string name, string topic, string? cause, int ms, string data, string source = "order-service") => Events.New(topic, data, Id(name), Time(ms), source)
        .With("correlationid", $"\"{run}\"").With("causationid", cause is null ? "null" : $"\"{Id(cause)}\"").With("traceparent", "\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"");

    async Task Bring(IEnumerable<string> events)
    {
        foreach (var e in events)
            (await service.DeliverBulk(Delivering.TopicOf(e), [e, e])).ShouldBe("SUCCESS");
    }

    void Answer(string status, params (string Name, int Ms)[] steps) => service.Sidecar.Answers[$"order-service/orders/{order}/saga"] =
        $$"""{"order_id":"{{order}}","user_id":"{{user}}","status":"{{status}}","total_amount":20.00,"correlation_id":"{{run}}","created_at":"{{Time(20)}}","steps":[{{string.Join(',', steps.Select(s => $$"""{"name":"{{s.Name}}","time":"{{Time(s.Ms)}}"}"""))}}],"waits_for":[]}""";

    void Mail(string id, string cause, int ms) => service.Sidecar.Answers[$"notification-service/notifications/order/{order}"] =
        $$"""{"notifications":[{"notification_id":"{{id}}","event_id":"{{Id(cause)}}","kind":"fulfilled","user_id":"{{user}}","recipient_email":"x@example.com","subject":"Order Confirmed","text":"Thank you","status":"SENT","attempts":1,"created_at":"{{Time(ms)}}","sent_at":"{{Time(ms)}}"}]}""";

    Task<JsonNode> Story() => service.Get($"/orders/{order}/story");

    async Task<List<JsonNode>> Orders(string query) => [.. (await service.Get($"/orders?{query}"))["orders"]!.AsArray().Select(o => o!)];

    static List<JsonNode> Steps(JsonNode story) => [.. story["steps"]!.AsArray().Select(s => s!)];

    /// <summary>Each step as its name, its cause and its milliseconds.</summary>
    List<string> Told(JsonNode story) => [.. Steps(story).Select(s => $"{s["name"]} {((string?)s["cause_id"])?.Replace($"{run}-", "")} {s["ms_since_start"]}")];
}

/// <summary>How much is kept.</summary>
public sealed class JournalBoundsTests
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task What_is_beyond_the_bounds_goes_first_the_data_then_the_event_and_at_last_the_order()
    {
        await using var service = await ServiceProcess.Start("Analytics", Database.Sqlite, new Dictionary<string, string> { ["JOURNAL_EVENTS"] = "3", ["JOURNAL_DAYS"] = "1", ["JOURNAL_DATA_HOURS"] = "1" });
        Facts[] orders = [.. Enumerable.Range(0, 5).Select(_ => new Facts())];
        foreach (var (facts, i) in orders.Select((facts, i) => (facts, i)))
            await service.DeliverBulk("cart.checkout_initiated", [facts.Checkout.With("time", $"\"{DateTimeOffset.UtcNow.AddMinutes(i - 10):O}\"")]);
        await service.Change($"UPDATE journal SET received_at = '{DateTime.UtcNow.AddHours(-2):yyyy-MM-dd HH:mm:ss}' WHERE order_id <> '{orders[4].Order}'");

        await Eventually.Until(async () => await service.Count("journal WHERE data IS NULL") == 2 && await service.Count("shop_orders") == 3, Soon, "the purge has come by");

        (await service.Query("SELECT order_id FROM journal ORDER BY id")).ShouldBe(orders[2..].Select(facts => facts.Order));
        (await service.Query("SELECT order_id FROM journal WHERE data IS NULL ORDER BY id")).ShouldBe(orders[2..4].Select(facts => facts.Order));
    }

    [Theory]
    [InlineData("spark", 7)]
    [InlineData("embedded", 18)]
    public async Task Turned_off_it_keeps_nothing_and_asks_for_nothing(string engine, int topics)
    {
        await using var service = await ServiceProcess.Start("Analytics", Database.Sqlite, new Dictionary<string, string> { ["JOURNAL_EVENTS"] = "0", ["ANALYTICS_ENGINE"] = engine });
        var facts = new Facts();

        (await service.Get("/dapr/subscribe")).AsArray().Count.ShouldBe(topics);
        if (engine == "embedded")
            await service.DeliverBulk("cart.checkout_initiated", [facts.Checkout]);

        (await service.Count("journal")).ShouldBe(0);
        await service.Http.ShouldRefuse(404, "GET", $"/orders/{facts.Order}/story");
    }

    [Fact]
    public async Task A_stop_ends_the_streams_and_one_follower_too_many_is_asked_to_come_later()
    {
        await using var service = await ServiceProcess.Start("Analytics", Database.Sqlite, new Dictionary<string, string> { ["FOLLOW_HEARTBEAT_SECONDS"] = "0.3", ["FOLLOW_MOST"] = "1" });
        using var answer = await service.Http.GetAsync("/analytics/changes", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());

        (await lines.ReadLineAsync()).ShouldBe(": still here");
        await service.Http.ShouldRefuse(503, "GET", "/analytics/changes");
        var exitCode = service.Stop();

        await lines.ReadToEndAsync();
        (await exitCode).ShouldBe(0);
    }

    [Fact, Needs(Runtime.Postgres)]
    public async Task A_change_that_another_replica_commits_is_told_too()
    {
        await using var first = await ServiceProcess.Start("Analytics", Database.Postgres, new Dictionary<string, string> { ["FOLLOW_HEARTBEAT_SECONDS"] = "300" });
        await using var second = await first.AnotherReplica();
        using var answer = await second.Http.GetAsync("/analytics/changes", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        using var deadline = new CancellationTokenSource(Eventually.OnABusyMachine(TimeSpan.FromSeconds(20)));

        // Whatever the beginning of its line told: until then nothing was written.
        var told = lines.ReadLineAsync(deadline.Token).AsTask();
        await Eventually.Until(async () =>
        {
            await first.DeliverBulk("cart.checkout_initiated", [new Facts().Checkout]);
            return told.IsCompleted;
        }, TimeSpan.FromSeconds(20), "a change");

        while (await lines.ReadLineAsync(deadline.Token) is { } line)
            if (line.StartsWith("data: ", StringComparison.Ordinal) && line.Contains("\"orders\"", StringComparison.Ordinal))
                return;
        throw new InvalidOperationException("the stream has ended");
    }
}
