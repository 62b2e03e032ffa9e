using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ecom.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Ecom.Tests.Conformance;

public abstract class PubSubSuite
{
    readonly Sidecars sidecars;

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    TestApp App => sidecars.App;

    protected PubSubSuite(Sidecars sidecars) => this.sidecars = sidecars;

    [Fact]
    public async Task A_plain_event_arrives_in_an_envelope()
    {
        await sidecars.Client.PublishEventAsync("pubsub", "plain", new { total = 12.50m, name = "Zoë" }, new Dictionary<string, string> { ["cloudevent.id"] = "plain-1", ["cloudevent.subject"] = "s-1" });

        var got = await App.Get("plain", "plain-1");

        got.ContentType.ShouldBe("application/cloudevents+json");
        got.Text("specversion").ShouldBe("1.0");
        got.Text("type").ShouldBe("com.dapr.event.sent");
        got.Text("source").ShouldBe(Sidecars.Id);
        got.Text("subject").ShouldBe("s-1");
        got.Text("topic").ShouldBe("plain");
        got.Text("pubsubname").ShouldBe("pubsub");
        got.Text("datacontenttype").ShouldBe("application/json");
        got.Body!["data"]!.ToJsonString().ShouldContain("12.5");
        DateTimeOffset.Parse(got.Text("time")).ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        got.Headers["pubsubname"].ShouldBe("pubsub");
        got.Headers["dapr-api-token"].ShouldBe(Sidecars.AppToken);
        got.Text("traceparent").Length.ShouldBe(55);
    }

    [Theory]
    [InlineData("text/plain", "hello", "data", "hello")]
    [InlineData("application/octet-stream", "hello", "data_base64", "aGVsbG8=")]
    [InlineData("application/json", "{\"a\":12345678901234567890}", "data", "{\"a\":12345678901234567890}")]
    [InlineData("application/json", "no json", "data", "no json")]
    [InlineData("application/vnd.x+json", "{}", "data", "{}")]
    public async Task The_content_type_decides_how_the_data_is_carried(string type, string body, string attribute, string expected)
    {
        var id = $"{Guid.NewGuid()}";

        (await Publish($"plain?metadata.cloudevent.id={id}", body, type)).ShouldBe(HttpStatusCode.NoContent);

        var data = (await App.Get("plain", id)).Body![attribute]!;
        (data is JsonValue value && value.TryGetValue<string>(out var text) ? text : data.ToJsonString()).ShouldBe(expected);
    }

    [Fact]
    public async Task An_own_envelope_keeps_its_id_and_extensions()
    {
        const string Own = """{"specversion":"1.0","id":"own-1","source":"me","type":"order.created","subject":"ORD-1","correlationid":"c-1","data":{"n":1.10}}""";
        await sidecars.Client.PublishByteEventAsync("pubsub", "own", Encoding.UTF8.GetBytes(Own), "application/cloudevents+json", new() { ["partitionKey"] = "ORD-1" });

        var got = await App.Get("own", "own-1");

        got.Text("correlationid").ShouldBe("c-1");
        got.Text("source").ShouldBe("me");
        got.Text("type").ShouldBe("order.created");
        got.Text("topic").ShouldBe("own");
        got.Text("time").ShouldNotBeEmpty();
        got.Text("traceparent").Length.ShouldBe(55);
        got.Headers["__key"].ShouldBe("ORD-1");
    }

    [Theory]
    [InlineData("traced-1", true)]
    [InlineData("traced-2", false)]
    public async Task An_own_envelope_keeps_its_trace_only_where_both_its_names_are_in_it(string id, bool both)
    {
        const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var second = both ? $""" "traceid":"{Trace}", """ : "";
        var own = $$"""{"specversion":"1.0","id":"{{id}}","source":"me","type":"order.created",{{second}}"traceparent":"{{Trace}}","data":{} }""";

        await sidecars.Client.PublishByteEventAsync("pubsub", "own", Encoding.UTF8.GetBytes(own), "application/cloudevents+json");

        ((await App.Get("own", id)).Text("traceparent") == Trace).ShouldBe(both);
    }

    [Fact]
    public async Task Events_of_one_key_arrive_in_order_though_each_is_tried_again()
    {
        App.Answer("keyed", (_, attempt) => attempt == 1 && Random.Shared.Next(4) == 0 ? Results.Json(new { status = "RETRY" }) : Results.Ok());

        foreach (var n in Enumerable.Range(0, 15))
            foreach (var key in (string[])["a", "b", "c"])
                (await PublishOwn("keyed", $"{key}-{n:00}", key)).ShouldBe(HttpStatusCode.NoContent);

        await Eventually.Until(() => App.On("keyed").Select(d => d.Id).Distinct().Count() == 45, Deadline, "all arrive");
        foreach (var key in (string[])["a", "b", "c"])
            App.On("keyed").Select(d => d.Id).Where(id => id.StartsWith(key)).Distinct().ShouldBe(Enumerable.Range(0, 15).Select(n => $"{key}-{n:00}"));
    }

    [Fact]
    public async Task RETRY_and_errors_bring_the_event_again()
    {
        App.Answer("retried", (_, attempt) => attempt switch { 1 => Results.Json(new { status = "RETRY" }), 2 => Results.StatusCode(500), 3 => Results.StatusCode(302), _ => Results.Ok() });

        await PublishOwn("retried", "r-1");
        await PublishOwn("retried", "r-2");

        await Eventually.Until(() => App.On("retried").Count(d => d.Id == "r-1") == 4 && App.On("retried").Count(d => d.Id == "r-2") == 4, Deadline, "four attempts each");
    }

    [Fact]
    public async Task A_status_that_is_none_of_the_three_brings_the_event_again()
    {
        App.Answer("strange", (_, attempt) => Results.Json(new { status = attempt == 1 ? "PAID" : "SUCCESS" }));

        await PublishOwn("strange", "s-1");

        await Eventually.Until(() => App.On("strange").Count == 2, Deadline, "a second attempt");
    }

    [Fact]
    public async Task DROP_goes_to_the_dead_letters_at_once()
    {
        App.Answer("dropped", (_, _) => Results.Json(new { status = "DROP" }));

        await PublishOwn("dropped", "d-1", "key-1");

        var letter = await App.Get("letters", "d-1");
        letter.Text("topic").ShouldBe("dropped");
        letter.Headers["__key"].ShouldBe("key-1");
        letter.Headers["__topic"].ShouldBe("dropped");
        App.On("dropped").Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_route_that_is_not_there_drops_the_event()
    {
        await PublishOwn("absent", "a-1");

        (await App.Get("letters", "a-1")).Text("topic").ShouldBe("absent");
    }

    [Fact]
    public async Task An_event_that_fails_every_time_becomes_a_dead_letter()
    {
        App.Answer("dead", (_, _) => Results.StatusCode(503));

        await PublishOwn("dead", "x-1");

        (await App.Get("letters", "x-1")).Text("topic").ShouldBe("dead");
        App.On("dead").Count.ShouldBe(4);
    }

    [Fact]
    public async Task An_app_that_was_away_gets_what_was_published_meanwhile()
    {
        await PublishOwn("later", "l-0");
        await App.Get("later", "l-0");
        await App.Stop();

        await PublishOwn("later", "l-1");
        await App.HangUpOnTheSidecar(Deadline);
        await App.Start();

        await App.Get("later", "l-1", Deadline);
    }

    [Fact]
    public async Task A_bulk_publish_carries_a_key_per_entry()
    {
        var entries = new JsonArray([.. Enumerable.Range(0, 20).Select(n => (JsonNode)new JsonObject
        {
            ["entryId"] = $"{n}",
            ["event"] = JsonNode.Parse(Own($"b-{n:00}")),
            ["contentType"] = "application/cloudevents+json",
            ["metadata"] = new JsonObject { ["partitionKey"] = $"k-{n % 3}" },
        })]);

        (await Publish("batch", entries.ToJsonString(), "application/json", "v1.0-alpha1/publish/bulk/pubsub/")).ShouldBe(HttpStatusCode.NoContent);

        await Eventually.Until(() => App.On("batch").Count == 20, Deadline, "all arrive");
        App.On("batch").Select(d => d.Headers["__key"]).ShouldBe(App.On("batch").Select(d => $"k-{int.Parse(d.Id.Split("-")[1]) % 3}"));
        App.On("batch").ShouldAllBe(d => d.Text("correlationid") == "c");
    }

    [Fact]
    public async Task A_bulk_subscriber_gets_every_event()
    {
        foreach (var n in Enumerable.Range(0, 40))
            await PublishOwn("many", $"m-{n}", $"{n}");

        await Eventually.Until(() => App.On("many").Select(d => d.Id).Distinct().Count() == 40, Deadline, "all arrive");
    }

    [Fact]
    public async Task A_raw_bulk_subscriber_gets_the_bytes_of_every_record_in_base64()
    {
        (await Publish("bytes?metadata.rawPayload=true", "no json", "text/plain")).ShouldBe(HttpStatusCode.NoContent);
        await PublishOwn("bytes", "r-1", "key-1");

        await Eventually.Until(() => App.On("bytes").Count >= 2, Deadline, "both arrive");
        App.On("bytes").ShouldAllBe(d => d.ContentType == "application/octet-stream");
        var records = App.On("bytes").Select(d => (Text: Encoding.UTF8.GetString(Convert.FromBase64String((string)d.Body!)), Topic: d.Headers["__topic"])).ToList();
        records.ShouldContain(("no json", "bytes"));
        records.ShouldContain(record => record.Text.StartsWith('{') && (string?)JsonNode.Parse(record.Text)!["id"] == "r-1");
    }

    [Theory]
    [InlineData("ruled")]
    [InlineData("declared")]
    public async Task A_rule_sends_an_event_its_way_and_the_others_go_the_usual_one(string topic)
    {
        await Publish(topic, Own($"{topic}-1", "urgent"), "application/cloudevents+json");
        await PublishOwn(topic, $"{topic}-2");

        await App.Get($"{topic}-urgent", $"{topic}-1");
        await App.Get(topic, $"{topic}-2");
        App.On(topic).ShouldNotContain(d => d.Id == $"{topic}-1");
    }

    [Fact]
    public async Task A_raw_subscriber_gets_any_record_in_an_envelope()
    {
        await Publish("wrapped?metadata.rawPayload=true", "no json", "text/plain");

        await Eventually.Until(() => App.On("wrapped").Count == 1, Deadline, "it arrives");
        var got = App.On("wrapped")[0];
        got.Text("type").ShouldBe("com.dapr.event.sent");
        Encoding.UTF8.GetString(Convert.FromBase64String(got.Text("data_base64"))).ShouldBe("no json");
    }

    [Fact]
    public async Task An_event_that_has_expired_is_not_brought()
    {
        var published = new TaskCompletionSource();
        App.Answer("expiring", (one, _) => one.Id == "e-1" ? new Late(published.Task, TimeSpan.FromSeconds(1.5)) : Results.Ok());

        await PublishOwn("expiring", "e-1", "key");
        await Eventually.Until(() => App.On("expiring").Count > 0, Deadline, "the first is under way");
        await Publish("expiring?metadata.partitionKey=key&metadata.ttlInSeconds=1", Own("e-2"), "application/cloudevents+json");
        published.SetResult();
        await PublishOwn("expiring", "e-3", "key");

        await App.Get("expiring", "e-3");
        App.On("expiring").ShouldNotContain(d => d.Id == "e-2");
    }

    [Fact]
    public async Task A_delivery_that_hangs_is_given_up_and_made_again()
    {
        App.Answer("hung", (_, attempt) => attempt == 1 ? new Late(Task.CompletedTask, TimeSpan.FromMinutes(5)) : Results.Ok());

        await PublishOwn("hung", "h-1");

        await Eventually.Until(() => App.On("hung").Count == 2, Deadline, "a second attempt");
    }

    /// <summary>An answer that takes its time, as long as somebody waits for it.</summary>
    sealed class Late(Task since, TimeSpan time) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await since;
            await Task.Delay(time, httpContext.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [Theory]
    [InlineData("""[{"entryId":"1","event":"x","contentType":"text/plain"},{"entryId":"1","event":"y","contentType":"text/plain"}]""")]
    [InlineData("""[{"event":"x","contentType":"text/plain"}]""")]
    [InlineData("""{"not":"a list"}""")]
    public async Task A_bulk_publish_that_makes_no_sense_is_refused(string body) =>
        (await Publish("batch", body, "application/json", "v1.0-alpha1/publish/bulk/pubsub/")).ShouldBe(HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("v1.0/publish/nowhere/plain", 404, "ERR_PUBSUB_NOT_FOUND")]
    [InlineData("v1.0/publish/pubsub/guarded", 403, "ERR_PUBSUB_FORBIDDEN")]
    [InlineData("v1.0/publish/pubsub/plain?metadata.rawPayload=maybe", 400, "ERR_PUBSUB_REQUEST_METADATA")]
    public async Task A_publish_that_cannot_be_is_told_so(string path, int status, string code)
    {
        using var answer = await sidecars.Http.PostAsync(path, new StringContent("{}", Encoding.UTF8, "application/json"));

        ((int)answer.StatusCode).ShouldBe(status);
        ((string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errorCode"]).ShouldBe(code);
    }

    static string Own(string id, string type = "t") => $$"""{"specversion":"1.0","id":"{{id}}","source":"me","type":"{{type}}","correlationid":"c","data":{} }""";

    Task<HttpStatusCode> PublishOwn(string topic, string id, string? key = null) =>
        Publish(key is null ? topic : $"{topic}?metadata.partitionKey={key}", Own(id), "application/cloudevents+json");

    async Task<HttpStatusCode> Publish(string target, string body, string type, string path = "v1.0/publish/pubsub/")
    {
        using var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = new(type);
        using var answer = await sidecars.Http.PostAsync(path + target, content);
        return answer.StatusCode;
    }
}
