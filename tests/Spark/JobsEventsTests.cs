using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Spark.Connect;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;
using static Ecom.Tests.Spark.Support.History;
using Abandonment = Ecom.Spark.Jobs.CartAbandonment;
using Operations = Ecom.Spark.Jobs.OperationalMetrics;
using Velocity = Ecom.Spark.Jobs.InventoryVelocity;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class JobsEventsTests(SparkWorld world)
{
    const string Good = """{"specversion":"1.0","id":"e1","source":"payment-service","type":"payment.processed","time":"2026-03-01T10:00:00Z","data":{"amount":12.50}}""";
    static readonly Job Revenue = RevenueStreaming.Job;

    [Fact]
    public void An_event_is_read_also_with_fields_that_nobody_knows()
    {
        HistoryRecord[] records =
        [
            With("id", "\"plain\""),
            With("data", """{"amount":0,"new_field":[1,{"x":null}]}"""),
            With("time", "\"2026-03-01T02:00:00.1234567-08:00\""),
        ];

        Rows(records).Single().Get("order_count").ShouldBe(3L);
        Letters(records).ShouldBeEmpty();
    }

    [Fact]
    public void An_event_that_is_none_becomes_a_dead_letter_with_its_reason()
    {
        (string Field, string Value, string Reason)[] cases =
        [
            ("specversion", "\"2.0\"", "specversion"),
            ("type", "\"payment.failed\"", "type"),
            ("id", "\"\"", "id"),
            ("id", "null", "id"),
            ("time", "null", "time"),
            ("time", "\"yesterday\"", "time"),
            ("time", "\"2026-13-01T10:00:00Z\"", "time"),
            ("time", "\"9999-12-31T23:59:59Z\"", "a minute after"),
            ("data", "null", "data is missing"),
            ("data", "5", "data is missing"),
            ("data", "{}", "amount"),
            ("data", "{\"amount\":null}", "amount"),
            ("data", "{\"amount\":\"abc\"}", "amount"),
            ("data", "{\"amount\":-0.01}", "amount"),
            ("data", "{\"amount\":0.001}", "amount"),
            ("data", "{\"amount\":NaN}", "amount"),
            ("data", "{\"amount\":1e300}", "amount"),
            ("data", "{\"amount\":10000000000.00}", "amount"),
        ];
        HistoryRecord[] records = [.. cases.Select(c => With(c.Field, c.Value))];

        Rows(records).ShouldBeEmpty();
        var letters = Letters(records);
        letters.Select(letter => letter.Data.ErrorReason).Zip(cases).ShouldAllBe(pair => pair.First.Contains(pair.Second.Reason));
        letters.Count.ShouldBe(cases.Length);
        letters.ShouldAllBe(letter => letter.Source == "spark-revenue_streaming" && letter.Data.Subscriber == letter.Source && letter.Data.OriginalTopic == "payment.processed");
    }

    [Fact]
    public void A_replay_for_another_subscriber_is_neither_an_event_nor_a_dead_letter()
    {
        HistoryRecord[] others = [With("replayfor", "\"order-service\""), new("payment.processed", """{"replayfor":"order-service","replayof":"letter-1"}""")];

        Rows(others).ShouldBeEmpty();
        Letters(others).ShouldBeEmpty();
        Rows(With("replayfor", $"\"{Revenue.Source}\"")).ShouldHaveSingleItem();
    }

    [Fact]
    public void A_dead_letter_keeps_the_record_as_json_or_as_base64()
    {
        var json = Letters(new HistoryRecord("payment.processed", """{"id":"e7","odd":[1,"x"]}""")).Single();
        json.Data.EventId.ShouldBe("e7");
        json.Data.Payload.GetProperty("odd")[1].GetString().ShouldBe("x");

        byte[]?[] values = [[0xFF, 0xFE, 0], "no json"u8.ToArray(), new byte[500], [], null];
        var letters = Letters([.. values.Select(value => new HistoryRecord("payment.processed", value))]);
        letters.ShouldAllBe(letter => letter.Data.EventId == null && letter.Data.Payload.ValueKind == JsonValueKind.String);
        letters.Select(letter => letter.Data.Payload.GetBytesFromBase64()).ShouldBe(values.Select(value => value ?? []));
    }

    [Fact]
    public void A_dead_letter_has_the_time_of_its_event_or_of_its_record_where_that_has_none_that_can_be()
    {
        var future = $"\"{Written.AddMinutes(1).AddSeconds(1):O}\"";
        var letters = Letters(With("data", "{}"), With("time", "\"yesterday\""), With("time", future), new HistoryRecord("payment.processed", "no event"));

        letters.Select(letter => letter.Time).ShouldBe([At("10:00:00"), Written, Written, Written]);
        letters.ShouldAllBe(letter => letter.Data.Timestamp == Written);
        Letters(With("time", future.Replace(":01.", ":00.", StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [Fact]
    public void What_the_sidecar_left_among_the_dead_letters_makes_no_second_letter()
    {
        HistoryRecord[] copies = [new("dlq.events", Good), new("dlq.events", "no event"), new("dlq.events", [0xFF])];

        Letters(Operations.Job, copies).ShouldBeEmpty();
        Operations.Job.Rows(world.Session, copies).ShouldBeEmpty();
        Letters(Operations.Job, new HistoryRecord("payment.processed", "no event")).ShouldHaveSingleItem();
    }

    [Fact]
    public void A_record_read_again_makes_the_same_dead_letter()
    {
        var records = new[] { new HistoryRecord("payment.processed", "bad"), new HistoryRecord("payment.processed", "bad") };

        var ids = Letters(records).Select(letter => letter.Id).ToList();

        ids.Distinct().Count().ShouldBe(2);
        Letters(records).Select(letter => letter.Id).ShouldBe(ids, ignoreOrder: true);
    }

    [Fact]
    public void Lines_that_cannot_be_counted_are_no_event()
    {
        string[] lines = ["""[{"product_id":"PROD-001","quantity":0}]""", """[{"product_id":"a b","quantity":1}]""", """[{"quantity":1}]""", "[null]", "\"PROD-001\"", "null"];
        HistoryRecord[] records =
        [
            .. lines.Select(items => new HistoryRecord(
                "inventory.reserved",
                Good.Replace("payment.processed", "inventory.reserved", StringComparison.Ordinal).Replace("\"amount\":12.50", $"\"items\":{items}", StringComparison.Ordinal))),
        ];

        Velocity.Job.Rows(world.Session, records).ShouldBeEmpty();
        Letters(Velocity.Job, records).Count(letter => letter.Data.ErrorReason.Contains("items")).ShouldBe(lines.Length);
    }

    [Fact]
    public void Every_job_can_read_every_event_that_the_services_write()
    {
        HistoryRecord[] records = [Paid("10:00:00", 1m), Ordered("10:00:00", "ann", "ORD-1", 1m), Declined("10:00:00", "ann"), Added("10:00:00", "ann", "PROD-001"), Removed("10:00:00", "ann", "PROD-001"), CheckedOut("10:00:00", "ann"), Reserved("10:00:00", ("PROD-001", 1))];

        foreach (var job in Job.All)
            Letters(job, [.. records.Where(record => job.Inputs.ContainsKey(record.Topic))]).ShouldBeEmpty();
    }

    [Fact]
    public void Rows_leave_as_events_that_the_contracts_accept()
    {
        Check<RevenueMetrics>(Revenue, Paid("10:00:00", 1m));
        Check<FraudDetected>(FraudDetection.Job, Ordered("10:00:00", "ann", "ORD-1", 1500m));
        Check<FraudDetected>(FraudDetection.Job, Declined("10:00:00", "ann"), Declined("10:00:00", "ann"), Declined("10:00:00", "ann"));
        Check<Ecom.Contracts.CartAbandonment>(Abandonment.Job, Added("10:00:00.123456", "ann", "PROD-001"));
        Check<Ecom.Contracts.InventoryVelocity>(Velocity.Job, Reserved("10:00:00", ("PROD-001", 1)));
        Check<Ecom.Contracts.OperationalMetrics>(Operations.Job, Paid("10:00:00", 1m));

        void Check<T>(Job job, params HistoryRecord[] records)
            where T : class, IEvent
        {
            var rows = job.Transform(Events.Read(Table(world.Session, records), job));
            var sent = CloudEvents.Records(rows, job).Collect();
            sent.ShouldNotBeEmpty();
            sent.Select(row => row.Get("key")).Distinct().Count().ShouldBe(sent.Count);
            foreach (var row in sent)
            {
                var (e, fault) = CloudEvent.Parse<T>(Encoding.UTF8.GetBytes(row.GetAs<string>("value")));
                fault.ShouldBeNull();
                e!.Source.ShouldBe("spark-" + job.Name);
                e.Version.ShouldBeGreaterThan(0);
                e.Time.ToString("HH:mm:ss", CultureInfo.InvariantCulture).ShouldBe("10:00:00");
                e.Subject.ShouldBe(row.Get("key"));
                Guid.TryParse(e.Id, out _).ShouldBeTrue();
            }
        }
    }

    [Fact]
    public void Whoever_counts_the_same_says_the_same_and_each_event_more_is_a_new_version_at_the_newest_ones_time()
    {
        HistoryRecord[] paid = [Paid("10:00:20", 1m), Paid("10:00:10", 0m)];
        var (one, both) = (Said(paid[0]), Said(paid));

        Said(paid[0]).ShouldBe(one);
        (one.Version, one.Time, both.Version, both.Time).ShouldBe((1, At("10:00:20"), 2, At("10:00:20")));
        both.Id.ShouldNotBe(one.Id);

        CloudEvent<RevenueMetrics> Said(params HistoryRecord[] records) => CloudEvent.Parse<RevenueMetrics>(
            Encoding.UTF8.GetBytes(CloudEvents.Records(Revenue.Transform(Events.Read(Table(world.Session, records), Revenue)), Revenue).Collect().Single().GetAs<string>("value"))).Event!;
    }

    [Fact]
    public void The_letters_of_all_jobs_together_are_those_of_each_alone()
    {
        string[] faults = ["""{"amount":NaN}""", "5", "null", "{}", """{"user_id":"ann","total_amount":"abc","order_id":"ORD-1","items":"none"}""", """{"user_id":"*","product_id":"PROD-001","items":[{"quantity":0}]}"""];
        var records = Table(world.Session, Topics.All.SelectMany(topic => faults.Select(data => new HistoryRecord(topic, Good.Replace("payment.processed", topic, StringComparison.Ordinal).Replace("""{"amount":12.50}""", data, StringComparison.Ordinal))).Append(new(topic, "no event"))));

        var together = Read(Events.DeadLetters(records, [.. Job.All]));
        var alone = Job.All.SelectMany(job => Read(Events.DeadLetters(records.Filter(Col("topic").IsIn([.. job.Inputs.Keys])), job)));

        together.Select(Facts).ShouldBe(alone.Select(Facts), ignoreOrder: true);
        together.Count(letter => letter.Data.OriginalTopic == Topics.PaymentProcessed && letter.Data.ErrorReason.StartsWith("not a readable event", StringComparison.Ordinal)).ShouldBe(2);

        static (string, string?, string, string) Facts(CloudEvent<DeadLetter> letter) => (letter.Id, letter.Data.Subscriber, letter.Data.OriginalTopic, letter.Data.ErrorReason);
    }

    // The good event with one field replaced.
    static HistoryRecord With(string field, string value)
    {
        var e = JsonNode.Parse(Good)!.AsObject();
        e[field] = "@";
        return new("payment.processed", e.ToJsonString().Replace("\"@\"", value, StringComparison.Ordinal));
    }

    IReadOnlyList<Row> Rows(params HistoryRecord[] records) => Revenue.Rows(world.Session, records);

    IReadOnlyList<CloudEvent<DeadLetter>> Letters(params HistoryRecord[] records) => Letters(Revenue, records);

    IReadOnlyList<CloudEvent<DeadLetter>> Letters(Job job, params HistoryRecord[] records) => Read(Events.DeadLetters(Table(world.Session, records), job));

    static IReadOnlyList<CloudEvent<DeadLetter>> Read(DataFrame letters) =>
    [
        .. letters.Collect().Select(row =>
        {
            var (letter, fault) = CloudEvent.Parse<DeadLetter>(Encoding.UTF8.GetBytes(row.GetAs<string>("value")));
            fault.ShouldBeNull();
            return letter!;
        }),
    ];
}
