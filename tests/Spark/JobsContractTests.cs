using System.Text.Json.Nodes;
using Ecom.Contracts;
using Ecom.Spark.Connect.Types;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;
using static Ecom.Tests.Spark.Support.History;

namespace Ecom.Tests.Spark;

/// <summary>What the jobs read and write against the events as they stand on the wire: a field that moves fails here.</summary>
[Needs(Runtime.Spark)]
public sealed class JobsContractTests(SparkWorld world)
{
    public static TheoryData<string> Names => [.. Job.All.Select(job => job.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_job_reads_each_of_its_facts_as_it_stands_in_the_golden_event(string name)
    {
        var job = Job.All.Single(job => job.Name == name);
        var goldens = job.Inputs.Keys.ToDictionary(topic => topic, Golden);
        var records = Table(world.Session, goldens.Select(golden => new HistoryRecord(golden.Key, Renamed(golden.Value, golden.Key))));

        var rows = Events.Read(records, job).Select(Col("topic"), Col("event_time"), ToJson(Struct(Col("data"))).As("read")).Collect();

        Events.DeadLetters(records, job).Collect().ShouldBeEmpty();
        rows.Select(row => row.GetAs<string>("topic")).ShouldBe(goldens.Keys, ignoreOrder: true);
        foreach (var row in rows)
        {
            var (topic, golden) = (row.GetAs<string>("topic"), goldens[row.GetAs<string>("topic")]);
            row["event_time"].ShouldBe(golden["time"]!.GetValue<DateTimeOffset>());
            foreach (var fact in job.Inputs[topic])
                ShouldBeIn(golden["data"]![fact.Name], JsonNode.Parse(row.GetAs<string>("read"))!["data"]![fact.Name], $"{topic}: data.{fact.Name}");
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_row_of_a_job_has_the_members_of_the_golden_event(string name)
    {
        var job = Job.All.Single(job => job.Name == name);
        var golden = Golden(job.OutputTopic)["data"]!.AsObject();

        var row = job.Transform(Events.Read(Table(world.Session), job)).Schema();

        row.Fields.Select(field => field.Name).ShouldBe(golden.Select(member => member.Key).Concat([Job.Sequence, Job.Newest]), ignoreOrder: true);
        foreach (var field in row.Fields.Where(field => golden[field.Name] is not null))
            Kind(field.DataType).ShouldBe(Kind(golden[field.Name]!.AsValue()), field.Name);
    }

    [Fact]
    public void A_dead_letter_has_the_members_of_the_golden_one()
    {
        var letter = Events.DeadLetters(Table(world.Session, new HistoryRecord(Topics.PaymentProcessed, "no event")), RevenueStreaming.Job).Collect().Single();

        var data = JsonNode.Parse(letter.GetAs<string>("value"))!["data"]!.AsObject();

        data.Select(member => member.Key).ShouldBe(Golden(Topics.DeadLetters)["data"]!.AsObject().Select(member => member.Key), ignoreOrder: true);
    }

    static JsonNode Golden(string topic) => JsonNode.Parse(File.ReadAllText(Repository.File($"tests/Contract/golden/{topic}.json")))!;

    // All golden events have one id, and a second event of an id is a duplicate.
    static string Renamed(JsonNode golden, string topic)
    {
        var e = golden.DeepClone();
        e["id"] = topic;
        return e.ToJsonString();
    }

    // A job need not read every member of an object, but what it reads is what stands there.
    static void ShouldBeIn(JsonNode? golden, JsonNode? read, string where)
    {
        switch (golden, read)
        {
            case (JsonObject whole, JsonObject part):
                foreach (var (name, member) in part)
                    ShouldBeIn(whole[name], member, $"{where}.{name}");
                break;
            case (JsonArray expected, JsonArray actual):
                actual.Count.ShouldBe(expected.Count, where);
                for (var i = 0; i < actual.Count; i++)
                    ShouldBeIn(expected[i], actual[i], $"{where}[{i}]");
                break;
            default:
                golden.ShouldNotBeNull(where);
                read.ShouldNotBeNull(where);
                if (golden.GetValueKind() == System.Text.Json.JsonValueKind.Number)
                    read.GetValue<decimal>().ShouldBe(golden.GetValue<decimal>(), where);
                else
                    read.ToJsonString().ShouldBe(golden.ToJsonString(), where);
                break;
        }
    }

    static string Kind(DataType type) => type switch
    {
        TimestampType => "time",
        StringType => "text",
        DecimalType or LongType or IntegerType => "number",
        _ => type.ToDdl(),
    };

    static string Kind(JsonValue value) =>
        value.TryGetValue<DateTimeOffset>(out _) ? "time" : value.GetValueKind() == System.Text.Json.JsonValueKind.Number ? "number" : "text";
}
