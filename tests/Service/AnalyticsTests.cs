using System.Text;
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dead_letter_is_kept_once_with_its_reason(bool bare)
    {
        var letter = Letter("order.created", $$"""{"id":"{{id}}","subject":"ORD-1"}""");
        var body = bare ? letter : Wrapped(letter);

        (await service.Deliver("dlq.events", body)).ShouldBe("SUCCESS");
        (await service.Deliver("dlq.events", body)).ShouldBe("SUCCESS");

        var row = (await Kept()).ShouldHaveSingleItem();
        ((string?)row["original_topic"]).ShouldBe("order.created");
        ((string?)row["error_reason"]).ShouldBe("there is no order ORD-1");
        ((string?)row["error_type"]).ShouldBe("Again");
        ((int)row["retry_count"]!).ShouldBe(3);
        ((string?)row["subscriber"]).ShouldBe("payment-service");
        row["payload"]!.ToJsonString().ShouldBe($$"""{"id":"{{id}}","subject":"ORD-1"}""");
        row["replayed_at"].ShouldBeNull();
    }

    [Fact]
    public async Task A_replay_sends_the_original_back_with_its_id_and_key_and_is_remembered()
    {
        var original = Events.New("order.created", """{"order_id":"ORD-1","note":"ä😀","amount":10.00}""", id);
        await service.Deliver("dlq.events", Wrapped(Letter("order.created", original)));
        var row = (await Kept())[0];

        var (status, answer) = await service.Http.Send("POST", $"/dead-letters/{row["id"]}/replay");

        ((int)status).ShouldBe(202);
        ((int)answer["replayed"]!).ShouldBe(1);
        var record = await Eventually.Get(() => Task.FromResult(service.Sidecar.PublishedOn("order.created").FirstOrDefault(r => r.Id == id)), Soon, "the record to go back");
        record.Body.ShouldBe(original);
        record.Key.ShouldBe("s-1");
        record.ContentType.ShouldBe("application/cloudevents+json");
        row = (await Kept())[0];
        row["replayed_at"].ShouldNotBeNull();
        ((int)row["replay_count"]!).ShouldBe(1);
    }

    [Fact]
    public async Task All_that_wait_can_be_replayed_at_once_and_what_is_no_event_stays()
    {
        var originals = Enumerable.Range(0, 450).Select(_ => Events.New("payment.processed", "{}")).ToList();
        foreach (var original in originals)
            await service.Deliver("dlq.events", Wrapped(Letter("payment.processed", original)));
        await service.Deliver("dlq.events", Wrapped($"no event {id}"), ("__topic", "payment.processed"));

        var (_, answer) = await service.Http.Send("POST", "/dead-letters/replay");
        var (_, again) = await service.Http.Send("POST", "/dead-letters/replay");

        ((int)answer["replayed"]!).ShouldBeGreaterThanOrEqualTo(450);
        ((int)answer["skipped"]!).ShouldBeGreaterThanOrEqualTo(1);
        ((int)again["replayed"]!).ShouldBe(0);
        var ids = originals.Select(o => (string)JsonNode.Parse(o)!["id"]!).ToHashSet();
        await Eventually.Until(() => service.Sidecar.PublishedOn("payment.processed").Select(r => r.Id).Count(ids.Contains) == 450, Soon, "all to go back");
    }

    [Fact]
    public async Task A_record_that_reached_nobody_is_kept_under_its_original_topic()
    {
        var original = Events.New("order.confirmed", """{"order_id":"ORD-1"}""", id);

        foreach (var _ in Enumerable.Range(0, 2))
            await service.Deliver("dlq.events", Wrapped(original), ("__topic", "order.confirmed"), ("__partition", "1"), ("__offset", "7"));

        var row = (await Kept()).ShouldHaveSingleItem();
        ((string?)row["original_topic"]).ShouldBe("order.confirmed");
        ((string?)row["error_reason"]).ShouldBe("delivered to nobody: no subscriber took it, or none could be reached");
        ((string?)row["event_id"]).ShouldBe(id);
    }

    [Fact]
    public async Task Without_a_header_the_envelopes_type_tells_the_topic()
    {
        await service.Deliver("dlq.events", Events.New("order.cancelled", "{}", id));

        ((string?)(await Kept())[0]["original_topic"]).ShouldBe("order.cancelled");
    }

    [Fact]
    public async Task Whatever_lands_there_becomes_a_row_and_nothing_is_sent_on()
    {
        var before = service.DeadLetters.Count;
        var bad = BadEvents.Any(Letter("order.created", $$"""{"id":"{{id}}"}""")).Where(b => b.Body.Length > 0).ToList();
        var rows = await service.Count("dead_letters");

        foreach (var (what, body) in bad)
        {
            (await service.Deliver("dlq.events", Wrapped(body), ("__topic", "order.created"), ("__offset", id + what))).ShouldBe("SUCCESS", what);
            (await service.Deliver("dlq.events", body, ("__topic", "order.created"), ("__offset", "bare" + id + what))).ShouldBe("SUCCESS", what);
        }

        (await service.Count("dead_letters")).ShouldBe(rows + 2 * bad.Count);
        service.DeadLetters.Count.ShouldBe(before);
        (await service.Get("/dead-letters?limit=100"))["dead_letters"]!.AsArray().Count.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Odd_texts_in_a_letter_are_kept_as_far_as_a_database_can()
    {
        var letter = Letter("order.created", $$"""{"id":"{{id}}"}""").With("data.error_reason", $"\"a\\u0000b {new string('x', 5000)}\"").With("data.retry_count", "-5");

        (await service.Deliver("dlq.events", Wrapped(letter))).ShouldBe("SUCCESS");

        ((string?)(await Kept())[0]["error_reason"])!.ShouldStartWith("ab xxx");
    }

    [Fact]
    public async Task What_cannot_go_back_is_refused()
    {
        await service.Deliver("dlq.events", Wrapped($"no event {id}"), ("__topic", "order.created"), ("__offset", id));
        await service.Deliver("dlq.events", Wrapped(Letter("no.such.topic", $$"""{"id":"{{id}}"}""")));
        var page = (await service.Get("/dead-letters?limit=2"))["dead_letters"]!.AsArray();

        foreach (var row in page)
            await service.Http.ShouldRefuse(422, "POST", $"/dead-letters/{row!["id"]}/replay");
        await service.Http.ShouldRefuse(404, "POST", "/dead-letters/999999999/replay");
        await service.Http.ShouldRefuse(422, "POST", "/dead-letters/x/replay");
        await service.Http.ShouldRefuse(422, "POST", "/dead-letters/99999999999999999999/replay");
        await service.Http.ShouldRefuse(422, "GET", "/dead-letters?limit=0");
        await service.Http.ShouldRefuse(422, "GET", "/dead-letters?limit=x");
        await service.Http.ShouldRefuse(405, "DELETE", "/dead-letters");
    }

    [Fact]
    public async Task Letters_are_read_newest_first_and_by_topic()
    {
        foreach (var n in (int[])[1, 2, 3])
            await service.Deliver("dlq.events", Wrapped(Letter("inventory.low", $$"""{"id":"{{id}}-{{n}}"}""")));

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

    string Letter(string topic, string payload) => Events.New("dlq.events",
        $$"""{"original_topic":"{{topic}}","event_id":"{{id}}","error_reason":"there is no order ORD-1","error_type":"Again","retry_count":3,"timestamp":"2026-03-01T10:00:00Z","subscriber":"payment-service","payload":{{payload}}}""");

    async Task<List<JsonNode>> Kept() => [.. (await service.Get("/dead-letters?limit=100"))["dead_letters"]!.AsArray().Select(d => d!).Where(d => d.ToJsonString().Contains(id, StringComparison.Ordinal))];

    static string Wrapped(string record) =>
        $$"""{"id":"{{Guid.NewGuid()}}","specversion":"1.0","type":"com.dapr.event.sent","source":"Dapr","datacontenttype":"application/octet-stream","data_base64":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(record))}}"}""";
}

public abstract class AnalyticsTests(ServiceProcess service)
{
    static int days;
    readonly DateTime day = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(Interlocked.Increment(ref days));

    [Fact]
    public async Task A_window_said_again_changes_nothing_and_an_older_word_never_covers_a_newer_one()
    {
        var second = Revenue(0, "200.50", 2, said: 20);
        await service.Deliver("analytics.revenue_metrics", Revenue(0, "100.00", 1, said: 10));
        await service.Deliver("analytics.revenue_metrics", second);
        await service.Deliver("analytics.revenue_metrics", second);
        await service.Deliver("analytics.revenue_metrics", Revenue(0, "100.00", 1, said: 15));

        var row = (await Rows("revenue")).ShouldHaveSingleItem();

        ((decimal)row["total_revenue"]!).ShouldBe(200.50m);
        ((int)row["order_count"]!).ShouldBe(2);
        ((string?)row["window_start"]).ShouldBe($"{day:yyyy-MM-dd}T00:00:00Z");
    }

    [Fact]
    public async Task Rows_are_read_by_time_newest_first_in_pages()
    {
        foreach (var minute in (int[])[0, 1, 2, 3])
            await service.Deliver("analytics.revenue_metrics", Revenue(minute, "1.00", 1));

        var page = await service.Get($"/analytics/revenue?from={At(1)}&to={At(3)}&limit=1&offset=1");

        ((int)page["total_rows"]!).ShouldBe(2);
        page["rows"]!.AsArray().Select(r => (string?)r!["window_start"]).ShouldBe([At(1)]);
    }

    [Fact]
    public async Task Velocity_ranks_densely_and_shows_the_ten_fastest()
    {
        for (var product = 1; product <= 14; product++)
            await service.Deliver("analytics.inventory_velocity", Events.New("analytics.inventory_velocity",
                $$"""{"product_id":"PROD-{{product:000}}","window_start":"{{At(0)}}","window_end":"{{At(60)}}","units_sold":{{100 - (product / 2)}},"revenue":10.00}"""));

        var rows = await Rows("velocity");

        // 100-0, 100-1 twice, 100-2 twice …: fourteen products have eight different figures, so all are among the ten fastest.
        rows.Select(r => (int)r["rank"]!).ShouldBe([1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8]);
        for (var product = 15; product <= 20; product++)
            await service.Deliver("analytics.inventory_velocity", Events.New("analytics.inventory_velocity",
                $$"""{"product_id":"PROD-{{product:000}}","window_start":"{{At(0)}}","window_end":"{{At(60)}}","units_sold":{{50 - product}},"revenue":10.00}"""));
        (await Rows("velocity")).Select(r => (int)r["rank"]!).Max().ShouldBe(10);
        (await Rows("velocity")).Count.ShouldBe(16);
    }

    [Fact]
    public async Task Fraud_abandonment_and_operations_are_kept_by_their_natural_keys()
    {
        foreach (var severity in (string[])["MEDIUM", "CRITICAL"])
            await service.Deliver("fraud.detected", Events.New("fraud.detected",
                $$"""{"user_id":"alice","order_id":null,"alert_type":"high_order_value","severity":"{{severity}}","details":"d","window_start":"{{At(0)}}","window_end":"{{At(5)}}"}"""));
        foreach (var _ in Enumerable.Range(0, 2))
            await service.Deliver("analytics.cart_abandonment", Events.New("analytics.cart_abandonment",
                $$"""{"user_id":"alice","product_id":"PROD-001","item_added_time":"{{At(0)}}","detected_at":"{{At(31)}}"}"""));
        foreach (var status in (string[])["HEALTHY", "WARNING"])
            await service.Deliver("analytics.operational_metrics", Events.New("analytics.operational_metrics",
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
        foreach (var (what, body) in BadEvents.Any(Revenue(0, "1.00", 1)))
            await service.ShouldBecomeDeadLetter("analytics.revenue_metrics", what, body);
        await service.ShouldBecomeDeadLetter("analytics.revenue_metrics", "negative revenue", Revenue(0, "-1.00", 1));
        await service.ShouldBecomeDeadLetter("analytics.revenue_metrics", "a window that ends before it starts", Revenue(0, "1.00", 1).With("data.window_end", $"\"{At(-1)}\""));
        await service.ShouldBecomeDeadLetter("analytics.inventory_velocity", "negative units",
            Events.New("analytics.inventory_velocity", $$"""{"product_id":"PROD-001","window_start":"{{At(0)}}","window_end":"{{At(60)}}","units_sold":-1,"revenue":1}"""));

        await service.Deliver("analytics.revenue_metrics", Revenue(0, "1.00", 1));

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

    string Revenue(int minute, string total, int orders, int said = 0) => Events.New("analytics.revenue_metrics",
        $$"""{"window_start":"{{At(minute)}}","window_end":"{{At(minute + 1)}}","total_revenue":{{total}},"order_count":{{orders}},"avg_order_value":1.00}""", time: At(said));

    string At(int minute) => $"{day.AddMinutes(minute):yyyy-MM-ddTHH:mm:ss}Z";

    async Task<List<JsonNode>> Rows(string table) => [.. (await service.Get($"/analytics/{table}?from={At(0)}&to={At(24 * 60)}"))["rows"]!.AsArray().Select(r => r!)];
}
