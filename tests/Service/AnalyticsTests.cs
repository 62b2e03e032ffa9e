using System.Text.Json.Nodes;
using Ecom.Tests.Support;

namespace Ecom.Tests.Service;

public abstract class AnalyticsFixture(Database database) : ServiceFixture("Analytics", database, ("ANALYTICS_ENGINE", "spark"));

public sealed class AnalyticsOnSqlite() : AnalyticsFixture(Database.Sqlite);

public sealed class AnalyticsOnPostgres() : AnalyticsFixture(Database.Postgres);

public sealed class DeadLetterSqliteTests(AnalyticsOnSqlite fixture) : DeadLetterTests(fixture.Service), IClassFixture<AnalyticsOnSqlite>;

public sealed class DeadLetterPostgresTests(AnalyticsOnPostgres fixture) : DeadLetterTests(fixture.Service), IClassFixture<AnalyticsOnPostgres>;

public sealed class AnalyticsSqliteTests(AnalyticsOnSqlite fixture) : AnalyticsTests(fixture.Service), IClassFixture<AnalyticsOnSqlite>;

public sealed class AnalyticsPostgresTests(AnalyticsOnPostgres fixture) : AnalyticsTests(fixture.Service), IClassFixture<AnalyticsOnPostgres>;

public abstract class DeadLetterTests(ServiceProcess service)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    readonly string id = Guid.CreateVersion7().ToString();

    [Fact]
    public async Task A_dead_letter_is_kept_once_with_its_reason()
    {
        var letter = Letter("order.created", $$"""{"id":"{{id}}","subject":"ORD-1"}""");

        await Deliver([letter, letter]);
        await Deliver([letter]);

        var row = (await Kept()).ShouldHaveSingleItem();
        ((string?)row["original_topic"]).ShouldBe("order.created");
        ((string?)row["error_reason"]).ShouldBe("there is no order ORD-1");
        ((string?)row["error_type"]).ShouldBe("Again");
        ((int)row["retry_count"]!).ShouldBe(3);
        ((string?)row["subscriber"]).ShouldBe("payment-service");
        row["payload"]!.ToJsonString().ShouldBe($$"""{"id":"{{id}}","subject":"ORD-1"}""");
        row["replayed_at"].ShouldBeNull();
        ((string?)row["status"], (int)row["failures"]!).ShouldBe(("OPEN", 1));
        JsonNode.DeepEquals(await service.Get($"/dead-letters/{row["id"]}"), row).ShouldBeTrue();
    }

    [Fact]
    public async Task A_replay_sends_the_original_to_the_subscriber_that_failed_and_its_answer_is_remembered()
    {
        var original = Events.New("order.created", """{"order_id":"ORD-1","note":"ä😀","amount":10.00}""", id);
        var letter = Letter("order.created", original);
        await Deliver([letter]);
        var row = (await Kept())[0];

        var (status, answer) = await service.Http.Send("POST", $"/dead-letters/{row["id"]}/replay");

        ((int)status).ShouldBe(202);
        ((int)answer["replayed"]!).ShouldBe(1);
        var record = (await Sent(1))[0];
        record.Body.ShouldBe(original.Insert(1, $"\"replayfor\":\"payment-service\",\"replayof\":\"{IdOf(letter)}\","));
        record.Key.ShouldBe("s-1");
        record.ContentType.ShouldBe("application/cloudevents+json");
        row = (await Kept())[0];
        row["replayed_at"].ShouldNotBeNull();
        ((string?)row["status"], (int)row["replay_count"]!).ShouldBe(("REPLAYING", 1));

        await Applied(letter, by: "inventory-service");
        ((string?)(await Kept())[0]["status"]).ShouldBe("REPLAYING");
        await Applied(letter, by: "payment-service");

        row = (await Kept()).ShouldHaveSingleItem();
        ((string?)row["status"]).ShouldBe("APPLIED");
        row["settled_at"].ShouldNotBeNull();
    }

    [Fact]
    public async Task A_replay_goes_once_however_often_it_is_asked_for()
    {
        var letter = Letter("order.created", Events.New("order.created", "{}", id));
        await Deliver([letter]);
        var replay = $"/dead-letters/{(await Kept())[0]["id"]}/replay";

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => service.Http.Send("POST", replay)));
        await Sent(1);
        await Applied(letter, by: "payment-service");
        answers = [.. answers, await service.Http.Send("POST", replay), await service.Http.Send("POST", $"/dead-letters/replay?subscriber=payment-service&topic=order.created")];

        answers.ShouldAllBe(answer => (int)answer.Status == 202);
        answers[..^1].Sum(answer => (int)answer.Body["replayed"]!).ShouldBe(1);
        await Sent(1);
        ((string?)(await Kept())[0]["status"]).ShouldBe("APPLIED");
    }

    [Fact]
    public async Task A_replay_that_fails_again_is_the_same_letter_with_one_failure_more()
    {
        await Deliver([Letter("order.created", Events.New("order.created", "{}", id))]);
        var replay = $"/dead-letters/{(await Kept())[0]["id"]}/replay";
        foreach (var round in (int[])[1, 2])
        {
            await service.Http.Send("POST", replay);
            var failed = Letter("order.created", (await Sent(round))[^1].Body, failedAt: $"2026-03-01T1{round}:00:00Z", reason: $"still not, {round}");

            await Deliver([failed, failed]);
            await Deliver([failed]);

            var row = (await Kept()).ShouldHaveSingleItem();
            ((string?)row["status"], (int)row["failures"]!, (string?)row["error_reason"]).ShouldBe(("OPEN", 1 + round, $"still not, {round}"));
        }

        (await Sent(2)).Select(record => record.Body).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Where_nobody_knows_who_failed_all_are_asked_and_each_that_fails_has_its_letter()
    {
        await Deliver([Events.New("order.created", "{}", id)], ("__topic", "order.created"), ("__offset", id));
        await service.Http.Send("POST", $"/dead-letters/{(await Kept())[0]["id"]}/replay");
        var record = (await Sent(1))[0];
        record.Envelope["replayfor"].ShouldBeNull();
        record.Envelope["replayof"].ShouldNotBeNull();

        await Deliver([.. new[] { "payment-service", "notification-service" }.Select(app => Letter("order.created", record.Body, failedAt: "2999-03-01T10:00:00Z", subscriber: app))]);

        (await Kept()).Select(row => $"{row["subscriber"]} {row["status"]} {row["failures"]}").Order().ShouldBe(["notification-service OPEN 1", "payment-service OPEN 2"]);
        foreach (var row in await Kept())
            await service.Http.Send("POST", $"/dead-letters/{row["id"]}/replay");
        (await Sent(3)).Skip(1).Select(r => (string?)r.Envelope["replayfor"]).Order().ShouldBe(["notification-service", "payment-service"]);
    }

    [Fact]
    public async Task A_replay_that_nobody_could_take_is_no_new_letter_either()
    {
        await Deliver([Letter("order.created", Events.New("order.created", "{}", id))]);
        await service.Http.Send("POST", $"/dead-letters/{(await Kept())[0]["id"]}/replay");

        await Deliver([(await Sent(1))[0].Body], ("__topic", "order.created"), ("__offset", "9"));

        // Whose sidecar wrote it nobody knows; the address is the letter's.
        var row = (await Kept()).ShouldHaveSingleItem();
        ((string?)row["status"], (string?)row["subscriber"], (int)row["failures"]!).ShouldBe(("OPEN", "payment-service", 2));
        ((string?)row["error_type"]).ShouldBe("Undelivered");
    }

    [Fact]
    public async Task Letters_are_chosen_by_subscriber_reason_time_and_status_to_be_read_replayed_and_discarded()
    {
        string Of(string which, string subscriber, string reason, string failedAt) => Letter("fraud.detected", Events.New("fraud.detected", "{}", $"{which}-{id}"), failedAt, reason, subscriber);
        await Deliver([
            Of("a", $"app-{id}", "no such product", "2026-03-01T10:00:00Z"), Of("b", $"app-{id}", "no such 100% product", "2026-03-02T10:00:00Z"),
            Of("c", $"app-{id}", "too late", "2026-03-03T10:00:00Z"), Of("d", $"other-{id}", "too late", "2026-03-03T10:00:00Z"),
        ]);
        var app = $"topic=fraud.detected&subscriber=app-{id}";

        (await Found($"{app}")).ShouldBe(["c", "b", "a"]);
        (await Found($"{app}&reason=such%20100%25%20p")).ShouldBe(["b"]);
        (await Found($"{app}&since=2026-03-02T11:00:00%2B01:00")).ShouldBe(["c", "b"]);
        (await Found($"{app}&status=DISCARDED")).ShouldBeEmpty();

        ((int)(await service.Http.Send("POST", $"/dead-letters/replay?{app}&reason=such")).Body["replayed"]!).ShouldBe(2);
        ((int)(await service.Http.Send("POST", $"/dead-letters/discard?{app}")).Body["discarded"]!).ShouldBe(1);

        (await Found($"{app}&status=REPLAYING")).ShouldBe(["b", "a"]);
        (await Found($"{app}&status=DISCARDED")).ShouldBe(["c"]);
        (await Found($"topic=fraud.detected&subscriber=other-{id}&status=OPEN")).ShouldBe(["d"]);
        var discarded = (await service.Get($"/dead-letters?{app}&status=DISCARDED"))["dead_letters"]![0]!["id"];
        await service.Http.ShouldRefuse(409, "POST", $"/dead-letters/{discarded}/replay");
        ((int)(await service.Http.Send("POST", $"/dead-letters/{discarded}/discard")).Body["discarded"]!).ShouldBe(0);
    }

    [Fact]
    public async Task A_letter_that_is_applied_cannot_be_discarded()
    {
        var letter = Letter("order.created", Events.New("order.created", "{}", id));
        await Deliver([letter]);
        var path = $"/dead-letters/{(await Kept())[0]["id"]}";
        await service.Http.Send("POST", $"{path}/replay");

        await Applied(letter, by: "payment-service");

        await service.Http.ShouldRefuse(409, "POST", $"{path}/discard");
        await service.Http.ShouldRefuse(404, "POST", "/dead-letters/999999999/discard");
    }

    [Fact]
    public async Task All_that_are_open_can_be_replayed_at_once_and_what_is_no_event_stays()
    {
        var originals = Enumerable.Range(0, 450).Select(_ => Events.New("payment.processed", "{}")).ToList();
        await Deliver([.. originals.Select(original => Letter("payment.processed", original))]);
        await Deliver([$"no event {id}"], ("__topic", "payment.processed"));

        var (_, answer) = await service.Http.Send("POST", "/dead-letters/replay?topic=payment.processed");
        var (_, again) = await service.Http.Send("POST", "/dead-letters/replay?topic=payment.processed");

        ((int)answer["replayed"]!).ShouldBeGreaterThanOrEqualTo(450);
        ((int)answer["skipped"]!).ShouldBeGreaterThanOrEqualTo(1);
        ((int)again["replayed"]!).ShouldBe(0);
        var ids = originals.Select(o => (string)JsonNode.Parse(o)!["id"]!).ToHashSet();
        await Eventually.Until(() => service.Sidecar.PublishedOn("payment.processed").Select(r => r.Id).Count(ids.Contains) == 450, Soon, "all to go back");
    }

    [Fact]
    public async Task Of_ten_thousand_letters_with_a_poison_in_each_call_every_one_is_kept()
    {
        var letters = Enumerable.Range(0, 10_000).Select(n => Letter("inventory.released", $$"""{"id":"{{id}}-{{n}}","n":{{n}}}""", subscriber: $"many-{id}")).ToList();
        var began = System.Diagnostics.Stopwatch.StartNew();

        await Parallel.ForEachAsync(letters.Chunk(100), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (call, _) =>
            // Again and again what nobody can read, and what had come before.
            await Deliver([.. call, call[0], "\0\0", "{", "[]"], ("__topic", $"poison-{id}"), ("__offset", Guid.NewGuid().ToString())));

        TestContext.Current.TestOutputHelper!.WriteLine($"{letters.Count / began.Elapsed.TotalSeconds:0} letters/s");
        (await Total($"subscriber=many-{id}")).ShouldBe(10_000);
        (await Total($"topic=poison-{id}")).ShouldBe(300);
        (await service.Query($"SELECT count(DISTINCT payload) FROM dead_letters WHERE subscriber = 'many-{id}'")).ShouldBe(["10000"]);
    }

    [Fact]
    public async Task A_record_that_reached_nobody_is_kept_under_its_original_topic()
    {
        var original = Events.New("order.confirmed", """{"order_id":"ORD-1"}""", id);

        foreach (var _ in Enumerable.Range(0, 2))
            await Deliver([original], ("__topic", "order.confirmed"), ("__partition", "1"), ("__offset", "7"));

        var row = (await Kept()).ShouldHaveSingleItem();
        ((string?)row["original_topic"]).ShouldBe("order.confirmed");
        ((string?)row["error_reason"]).ShouldBe("delivered to nobody: no subscriber took it, or none could be reached");
        ((string?)row["event_id"]).ShouldBe(id);
    }

    [Fact]
    public async Task Without_a_header_the_envelopes_type_tells_the_topic()
    {
        await Deliver([Events.New("order.cancelled", "{}", id)]);

        ((string?)(await Kept())[0]["original_topic"]).ShouldBe("order.cancelled");
    }

    [Fact]
    public async Task Whatever_lands_there_becomes_a_row_and_nothing_is_sent_on()
    {
        var before = service.DeadLetters.Count;
        var bad = BadEvents.Any(Letter("order.created", $$"""{"id":"{{id}}"}""")).Where(b => b.Body.Length > 0).ToList();
        var rows = await service.Count("dead_letters");

        foreach (var (what, body) in bad)
            await Deliver([body], ("__topic", "order.created"), ("__offset", id + what));

        (await service.Count("dead_letters")).ShouldBe(rows + bad.Count);
        service.DeadLetters.Count.ShouldBe(before);
        (await service.Get("/dead-letters?limit=100"))["dead_letters"]!.AsArray().Count.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Odd_texts_in_a_letter_are_kept_as_far_as_a_database_can()
    {
        var letter = Letter("order.created", $$"""{"id":"{{id}}"}""").With("data.error_reason", $"\"a\\u0000b {new string('x', 5000)}\"").With("data.retry_count", "-5");

        await Deliver([letter]);

        ((string?)(await Kept())[0]["error_reason"])!.ShouldStartWith("ab xxx");
        await Deliver(["""{"id":"\ud800","replayof":"\ud800","replayfor":"\ud800"}"""], ("__topic", $"odd-{id}"));
        (await Total($"topic=odd-{id}")).ShouldBe(1);
    }

    [Fact]
    public async Task What_cannot_go_back_is_refused()
    {
        await Deliver([$"no event {id}"], ("__topic", "order.created"), ("__offset", id));
        await Deliver([Letter("no.such.topic", $$"""{"id":"{{id}}"}""")]);
        var page = (await service.Get("/dead-letters?limit=2"))["dead_letters"]!.AsArray();

        foreach (var row in page)
            await service.Http.ShouldRefuse(422, "POST", $"/dead-letters/{row!["id"]}/replay");
        await service.Http.ShouldRefuse(404, "POST", "/dead-letters/999999999/replay");
        await service.Http.ShouldRefuse(422, "POST", "/dead-letters/x/replay");
        await service.Http.ShouldRefuse(422, "POST", "/dead-letters/99999999999999999999/replay");
        await service.Http.ShouldRefuse(422, "GET", "/dead-letters?limit=0");
        await service.Http.ShouldRefuse(422, "GET", "/dead-letters?limit=x");
        await service.Http.ShouldRefuse(422, "GET", "/dead-letters?status=CLOSED");
        await service.Http.ShouldRefuse(422, "GET", "/dead-letters?since=yesterday");
        await service.Http.ShouldRefuse(422, "GET", "/dead-letters?reason=%00");
        await service.Http.ShouldRefuse(422, "POST", "/dead-letters/discard?topic=%00");
        await service.Http.ShouldRefuse(404, "GET", "/dead-letters/999999999");
        await service.Http.ShouldRefuse(422, "GET", "/dead-letters/x");
        await service.Http.ShouldRefuse(405, "DELETE", "/dead-letters");
    }

    [Fact]
    public async Task Letters_are_read_newest_first_and_by_topic()
    {
        foreach (var n in (int[])[1, 2, 3])
            await Deliver([Letter("inventory.low", $$"""{"id":"{{id}}-{{n}}"}""")]);

        var page = await service.Get("/dead-letters?topic=inventory.low&limit=2");

        page["dead_letters"]!.AsArray().Select(d => (string?)d!["payload"]!["id"]).ShouldBe([$"{id}-3", $"{id}-2"]);
        ((int)page["total_dead_letters"]!).ShouldBe(3);
    }

    [Fact]
    public async Task The_subscription_is_raw_and_has_no_dead_letter_topic_of_its_own()
    {
        var subscription = (await service.Get("/dapr/subscribe")).AsArray().Single(s => (string?)s!["topic"] == "dlq.events")!;

        ((string?)subscription["metadata"]!["rawPayload"]).ShouldBe("true");
        subscription["deadLetterTopic"].ShouldBeNull();
    }

    [Fact]
    public async Task A_call_of_large_letters_is_not_refused_for_its_size()
    {
        await Deliver([.. Enumerable.Range(0, 8).Select(n => Letter("order.created", $$"""{"id":"{{id}}-{{n}}","note":"{{new string('x', 900_000)}}"}""", subscriber: $"large-{id}"))]);

        (await Total($"limit=1&subscriber=large-{id}")).ShouldBe(8);
    }

    string Letter(string topic, string payload, string failedAt = "2026-03-01T10:00:00Z", string reason = "there is no order ORD-1", string subscriber = "payment-service") => Events.New("dlq.events",
        $$"""{"original_topic":"{{topic}}","event_id":"{{id}}","error_reason":"{{reason}}","error_type":"Again","retry_count":3,"timestamp":"{{failedAt}}","subscriber":"{{subscriber}}","payload":{{payload}}}""");

    static string IdOf(string e) => (string)JsonNode.Parse(e)!["id"]!;

    async Task Deliver(IReadOnlyList<string> records, params (string Name, string Value)[] metadata) => (await service.DeliverRaw("dlq.events", records, metadata)).ShouldBe("SUCCESS");

    /// <summary>The subscriber's answer to the replay.</summary>
    Task Applied(string letter, string by) => service.Takes(Events.New("analytics.applied_letters", $$"""{"letter_id":"{{IdOf(letter)}}","subscriber":"{{by}}"}"""));

    /// <summary>What was sent again of this test's event, when it is as much.</summary>
    async Task<List<PublishedRecord>> Sent(int count)
    {
        List<PublishedRecord> sent = [];
        await Eventually.Until(() => (sent = [.. service.Sidecar.PublishedOn("order.created").Where(record => record.Id == id)]).Count >= count, Soon, $"{count} replays go out");
        sent.Count.ShouldBe(count);
        return sent;
    }

    async Task<List<JsonNode>> Kept() => [.. (await service.Get("/dead-letters?limit=100"))["dead_letters"]!.AsArray().Select(d => d!).Where(d => d.ToJsonString().Contains(id, StringComparison.Ordinal))];

    async Task<List<string>> Found(string query) => [.. (await service.Get($"/dead-letters?{query}"))["dead_letters"]!.AsArray().Select(d => ((string)d!["payload"]!["id"]!).Split('-')[0])];

    async Task<int> Total(string query) => (int)(await service.Get($"/dead-letters?{query}"))["total_dead_letters"]!;
}

public abstract class AnalyticsTests(ServiceProcess service)
{
    static int days;
    readonly DateTime day = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(Interlocked.Increment(ref days));

    [Fact]
    public async Task A_window_said_again_changes_nothing_and_an_older_word_never_covers_a_newer_one()
    {
        var second = Revenue(0, "200.50", 2, said: 20);
        await Deliver("analytics.revenue_metrics", Revenue(0, "100.00", 1, said: 10));
        await Deliver("analytics.revenue_metrics", second);
        await Deliver("analytics.revenue_metrics", second);
        await Deliver("analytics.revenue_metrics", Revenue(0, "100.00", 1, said: 15));

        var row = (await Rows("revenue")).ShouldHaveSingleItem();

        ((decimal)row["total_revenue"]!).ShouldBe(200.50m);
        ((int)row["order_count"]!).ShouldBe(2);
        ((string?)row["window_start"]).ShouldBe($"{day:yyyy-MM-dd}T00:00:00Z");
    }

    /// <summary>As they may come from two runs over the same events, one of which has lost some of them.</summary>
    [Fact]
    public async Task Of_the_versions_of_a_row_the_one_that_has_counted_most_stands_in_whatever_order_they_come()
    {
        string[] versions = [.. Enumerable.Range(1, 12).Select(orders => Of(orders, "1.00"))];
        Random.Shared.Shuffle(versions);

        foreach (var version in versions.Concat(versions.Reverse()))
            await Deliver("analytics.revenue_metrics", version);
        await service.DeliverBulk("analytics.revenue_metrics", [.. versions]);
        // As rich as what stands, and of a release that does not tell: newer, both.
        await Deliver("analytics.revenue_metrics", Of(12, "99.00"));
        await Deliver("analytics.revenue_metrics", Revenue(0, "99.00", 99, said: 500));

        var row = (await Rows("revenue")).ShouldHaveSingleItem();
        ((int)row["order_count"]!, (decimal)row["total_revenue"]!).ShouldBe((12, 1m));

        // The fewer it has counted, the later it says so.
        string Of(int orders, string total) => Revenue(0, total, orders, said: 100 - orders).With("sequence", $"\"{orders:D20}\"");
    }

    [Fact]
    public async Task Rows_are_read_by_time_newest_first_in_pages()
    {
        foreach (var minute in (int[])[0, 1, 2, 3])
            await Deliver("analytics.revenue_metrics", Revenue(minute, "1.00", 1));

        var page = await service.Get($"/analytics/revenue?from={At(1)}&to={At(3)}&limit=1&offset=1");

        ((int)page["total_rows"]!).ShouldBe(2);
        page["rows"]!.AsArray().Select(r => (string?)r!["window_start"]).ShouldBe([At(1)]);
    }

    [Fact]
    public async Task Velocity_ranks_densely_and_shows_the_ten_fastest()
    {
        for (var product = 1; product <= 14; product++)
            await Deliver("analytics.inventory_velocity", Events.New("analytics.inventory_velocity",
                $$"""{"product_id":"PROD-{{product:000}}","window_start":"{{At(0)}}","window_end":"{{At(60)}}","units_sold":{{100 - (product / 2)}},"revenue":10.00}"""));

        var rows = await Rows("velocity");

        // 100-0, 100-1 twice, 100-2 twice …: fourteen products have eight different figures, so all are among the ten fastest.
        rows.Select(r => (int)r["rank"]!).ShouldBe([1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8]);
        for (var product = 15; product <= 20; product++)
            await Deliver("analytics.inventory_velocity", Events.New("analytics.inventory_velocity",
                $$"""{"product_id":"PROD-{{product:000}}","window_start":"{{At(0)}}","window_end":"{{At(60)}}","units_sold":{{50 - product}},"revenue":10.00}"""));
        (await Rows("velocity")).Select(r => (int)r["rank"]!).Max().ShouldBe(10);
        (await Rows("velocity")).Count.ShouldBe(16);
    }

    [Fact]
    public async Task Fraud_abandonment_and_operations_are_kept_by_their_natural_keys()
    {
        foreach (var severity in (string[])["MEDIUM", "CRITICAL"])
            await Deliver("fraud.detected", Events.New("fraud.detected",
                $$"""{"user_id":"alice","order_id":null,"alert_type":"high_order_value","severity":"{{severity}}","details":"d","window_start":"{{At(0)}}","window_end":"{{At(5)}}"}"""));
        foreach (var _ in Enumerable.Range(0, 2))
            await Deliver("analytics.cart_abandonment", Events.New("analytics.cart_abandonment",
                $$"""{"user_id":"alice","product_id":"PROD-001","item_added_time":"{{At(0)}}","detected_at":"{{At(31)}}"}"""));
        foreach (var status in (string[])["HEALTHY", "WARNING"])
            await Deliver("analytics.operational_metrics", Events.New("analytics.operational_metrics",
                $$"""{"metric_name":"events","topic":"order.created","window_start":"{{At(0)}}","window_end":"{{At(1)}}","value":12.5,"status":"{{status}}"}"""));

        ((string?)(await Rows("fraud")).ShouldHaveSingleItem()["severity"]).ShouldBe("CRITICAL");
        ((string?)(await Rows("abandonment")).ShouldHaveSingleItem()["detected_at"]).ShouldBe(At(31));
        var operations = (await Rows("operations")).ShouldHaveSingleItem();
        ((string?)operations["status"]).ShouldBe("WARNING");
        ((decimal)operations["value"]!).ShouldBe(12.5m);
    }

    [Fact]
    public async Task Bytes_that_are_no_such_event_become_dead_letters_and_the_next_event_is_kept()
    {
        foreach (var (what, body) in BadEvents.AnyJson(Revenue(0, "1.00", 1)))
            await service.ShouldBecomeDeadLetter("analytics.revenue_metrics", what, body, inBulk: true);
        await service.ShouldBecomeDeadLetter("analytics.revenue_metrics", "an event from the future", Revenue(0, "1.00", 1).With("time", "\"2999-01-01T00:00:00Z\""), inBulk: true);
        await service.ShouldBecomeDeadLetter("analytics.revenue_metrics", "negative revenue", Revenue(0, "-1.00", 1), inBulk: true);
        await service.ShouldBecomeDeadLetter("analytics.revenue_metrics", "a window that ends before it starts", Revenue(0, "1.00", 1).With("data.window_end", $"\"{At(-1)}\""), inBulk: true);
        await service.ShouldBecomeDeadLetter("analytics.inventory_velocity", "negative units",
            Events.New("analytics.inventory_velocity", $$"""{"product_id":"PROD-001","window_start":"{{At(0)}}","window_end":"{{At(60)}}","units_sold":-1,"revenue":1}"""), inBulk: true);

        await Deliver("analytics.revenue_metrics", Revenue(0, "1.00", 1));

        (await Rows("revenue")).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(422, "from=yesterday")]
    [InlineData(422, "limit=x")]
    [InlineData(422, "limit=0")]
    [InlineData(422, "limit=1001")]
    [InlineData(422, "offset=-1")]
    [InlineData(422, "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")]
    public async Task A_range_that_cannot_be_is_refused(int status, string query)
    {
        foreach (var table in (string[])["revenue", "fraud", "abandonment", "velocity", "operations"])
            await service.Http.ShouldRefuse(status, "GET", $"/analytics/{table}?{query}");
    }

    [Fact]
    public async Task The_ends_of_time_are_a_range_too() =>
        (await service.Get("/analytics/revenue?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z"))["rows"].ShouldNotBeNull();

    [Fact]
    public async Task A_call_of_many_rows_keeps_the_newest_word_of_each()
    {
        await service.DeliverBulk("analytics.revenue_metrics", [Revenue(0, "3.00", 3, said: 30), Revenue(0, "2.00", 2, said: 20), Revenue(1, "1.00", 1), Revenue(1, "1.00", 1)]);
        await service.DeliverBulk("analytics.revenue_metrics", [Revenue(1, "9.00", 9, said: -5), Revenue(0, "4.00", 4, said: 40), Revenue(2, "7.00", 7), Revenue(0, "1.00", 1, said: 10)]);

        (await Rows("revenue")).Select(r => (decimal)r["total_revenue"]!).ShouldBe([7m, 1m, 4m]);
    }

    [Fact]
    public async Task What_the_database_refuses_is_a_letter_and_its_neighbours_are_kept()
    {
        // More than a page of PostgreSQL's index takes, and nothing that packs well; SQLite takes it.
        var type = string.Concat(Enumerable.Range(0, 1900).Select(i => (char)(0x4e00 + i * 7919 % 20_000)));
        string Alert(string user, string alertType) => Events.New("fraud.detected",
            $$"""{"user_id":"{{user}}","order_id":null,"alert_type":"{{alertType}}","severity":"HIGH","details":"d","window_start":"{{At(0)}}","window_end":"{{At(5)}}"}""");
        var (bad, good) = (Alert($"bad-{day.Ticks}", type), Alert($"good-{day.Ticks}", "high_order_value"));

        (await service.DeliverBulk("fraud.detected", [bad, good])).ShouldBe("SUCCESS");

        var kept = (await Rows("fraud")).Select(r => (string)r["user_id"]!).ToList();
        kept.ShouldContain($"good-{day.Ticks}");
        var id = (string)JsonNode.Parse(bad)!["id"]!;
        if (!kept.Contains($"bad-{day.Ticks}"))
            await Eventually.Until(() => service.DeadLetters.Any(letter => (string?)letter["event_id"] == id), TimeSpan.FromSeconds(20), "the other is a letter");
    }

    [Fact]
    public async Task Pages_go_on_from_a_place_in_both_directions_also_when_rows_come_meanwhile()
    {
        await service.DeliverBulk("analytics.operational_metrics", [.. Enumerable.Range(0, 7).SelectMany(minute => new[] { "order.created", "payment.failed" }.Select(topic => Metric(topic, minute, 1)))]);
        foreach (var (order, expected) in new[] { ("asc", Enumerable.Range(0, 7)), ("desc", Enumerable.Range(0, 7).Reverse()) })
        {
            List<string> seen = [];
            string? next = null;
            do
            {
                var page = await service.Get($"/analytics/operations?from={At(0)}&to={At(60)}&limit=3&order={order}{(next is null ? "" : $"&after={next}")}");
                seen.AddRange(page["rows"]!.AsArray().Select(r => $"{r!["window_start"]} {r["topic"]}"));
                next = (string?)page["next"];
                if (order == "desc")
                    // A row that comes at the front does not move those behind it.
                    await service.DeliverBulk("analytics.operational_metrics", [Metric("order.created", 30 + seen.Count, 1)]);
            }
            while (next is not null);
            seen.ShouldBe(expected.SelectMany(minute => new[] { $"{At(minute)} order.created", $"{At(minute)} payment.failed" }));
        }
        foreach (var table in (string[])["revenue", "fraud", "abandonment", "velocity"])
            (await service.Get($"/analytics/{table}?limit=1&order=asc"))["next"]?.ToString().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Buckets_are_sums_without_a_gap()
    {
        await service.DeliverBulk("analytics.revenue_metrics", [Revenue(0, "1.00", 1), Revenue(4, "2.00", 1), Revenue(12, "4.00", 2)]);
        await service.DeliverBulk("analytics.operational_metrics", [Metric("order.created", 0, 3), Metric("order.created", 1, 2, "CRITICAL"), Metric("payment.failed", 12, 1)]);

        var revenue = await service.Get($"/analytics/revenue?from={At(0)}&to={At(20)}&bucket=five_minutes&order=asc");
        var operations = (await service.Get($"/analytics/operations?from={At(0)}&to={At(15)}&bucket=five_minutes&order=asc"))["rows"]!.AsArray();

        revenue["rows"]!.AsArray().Select(r => $"{r!["window_start"]} {r["total_revenue"]} {r["order_count"]} {r["avg_order_value"]}").ShouldBe(
            [$"{At(0)} 3.00 2 1.50", $"{At(5)} 0.00 0 0.00", $"{At(10)} 4.00 2 2.00", $"{At(15)} 0.00 0 0.00"]);
        ((int)revenue["total_rows"]!).ShouldBe(4);
        operations.Where(r => (string?)r!["topic"] == "order.created").Select(r => $"{(decimal)r!["value"]!:0} {r["status"]}").ShouldBe(["5 CRITICAL", "0 HEALTHY", "0 HEALTHY"]);
        operations.Count.ShouldBe(6);
        foreach (var query in (string[])["bucket=year", $"bucket=minute&from={At(0)}&to={At(2000)}", "bucket=hour&after=x", "order=up", "after=x", "after=bnVsbA&offset=1"])
            await service.Http.ShouldRefuse(422, "GET", $"/analytics/revenue?{query}");
    }

    [Fact]
    public async Task What_came_too_late_is_read_beside_the_flow_and_hides_none_of_it()
    {
        await service.DeliverBulk("analytics.operational_metrics", [Metric("order.created", 0, 3)]);

        await service.DeliverBulk("analytics.operational_metrics", [Metric("cart_abandonment", 2, 2, "WARNING", "late_events"), Metric("cart_abandonment", 4, 5, "WARNING", "late_events")]);

        var late = (await service.Get($"/analytics/operations?from={At(0)}&to={At(5)}&bucket=five_minutes"))["rows"]!.AsArray().Single(r => (string?)r!["metric_name"] == "late_events")!;
        $"{late["topic"]} {(decimal)late["value"]!:0} {late["status"]}".ShouldBe("cart_abandonment 7 WARNING");
        var current = (await service.Get("/analytics/operations/current")).AsArray().Single(t => (string?)t!["topic"] == "order.created")!;
        $"{current["window_start"]} {(decimal)current["value"]!:0}".ShouldBe($"{At(0)} 3");
    }

    [Fact]
    public async Task The_summary_adds_up_what_lies_in_the_span()
    {
        await service.DeliverBulk("analytics.revenue_metrics", [Revenue(0, "30.00", 2), Revenue(1, "12.00", 1)]);
        await service.DeliverBulk("analytics.operational_metrics", [Metric("cart.item_added", 0, 8)]);
        await service.DeliverBulk("analytics.cart_abandonment", [Events.New("analytics.cart_abandonment", $$"""{"user_id":"u-{{day.Ticks}}","product_id":"PROD-002","item_added_time":"{{At(0)}}","detected_at":"{{At(31)}}"}""")]);
        await service.DeliverBulk("fraud.detected", [Events.New("fraud.detected",
            $$"""{"user_id":"u-{{day.Ticks}}","order_id":null,"alert_type":"high_order_value","severity":"CRITICAL","details":"d","window_start":"{{At(0)}}","window_end":"{{At(5)}}"}""")]);

        var summary = await service.Get($"/analytics/summary?from={At(0)}&to={At(60)}");

        summary["revenue"]!.ToJsonString().ShouldBe("""{"total_revenue":42.00,"order_count":3,"avg_order_value":14.00}""");
        summary["abandonment"]!.ToJsonString().ShouldBe("""{"items_added":8,"items_abandoned":1,"rate":0.125,"value":12.99}""");
        summary["alerts"]!.ToJsonString().ShouldBe("""{"critical":1,"high":0,"medium":0}""");
        summary["tables"]!.AsArray().Select(t => $"{t!["table"]} {t["engine"]}").ShouldBe(["revenue spark", "fraud spark", "abandonment spark", "velocity spark", "operations spark"]);
        summary["tables"]!.AsArray().Where(t => (string?)t!["table"] is "revenue" or "operations").ShouldAllBe(t => t!["as_of"] != null);
        (await service.Get("/analytics/operations/current")).AsArray().Select(t => (string)t!["topic"]!).ShouldBe(Contracts.FlowRules.Watched);
        await service.Http.ShouldRefuse(422, "GET", $"/analytics/summary?from={At(1)}&to={At(0)}");
    }

    async Task Deliver(string topic, string e) => (await service.DeliverBulk(topic, [e])).ShouldBe("SUCCESS");

    string Metric(string topic, int minute, int value, string status = "HEALTHY", string name = "events_per_minute") => Events.New("analytics.operational_metrics",
        $$"""{"metric_name":"{{name}}","topic":"{{topic}}","window_start":"{{At(minute)}}","window_end":"{{At(minute + 1)}}","value":{{value}},"status":"{{status}}"}""", time: At(minute));

    string Revenue(int minute, string total, int orders, int said = 0) => Events.New("analytics.revenue_metrics",
        $$"""{"window_start":"{{At(minute)}}","window_end":"{{At(minute + 1)}}","total_revenue":{{total}},"order_count":{{orders}},"avg_order_value":1.00}""", time: At(said));

    string At(int minute) => $"{day.AddMinutes(minute):yyyy-MM-ddTHH:mm:ss}Z";

    async Task<List<JsonNode>> Rows(string table) => [.. (await service.Get($"/analytics/{table}?from={At(0)}&to={At(24 * 60)}"))["rows"]!.AsArray().Select(r => r!)];
}
