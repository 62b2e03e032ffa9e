using System.Text.Json;
using Confluent.Kafka.Admin;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

public class ToolEvents
{
    [Fact]
    [Needs(Runtime.Kafka)]
    public async Task Generated_events_lie_in_Kafka_by_their_keys_and_what_is_missing_is_told()
    {
        using var heavy = await HeavyLock.Take();
        await using var kafka = await KafkaCluster.Start();

        (await Ecom("events", "--count", "10", "--brokers", $"127.0.0.1:{Ports.Free()}")).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(2), run => run.Last.ShouldContain("cannot be reached"));
        (await Ecom("events", "--count", "10", "--brokers", kafka.Brokers)).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(2), run => run.Last.ShouldContain("setup"));
        await kafka.CreateTopics(3, [.. Topics.All]);
        var (code, last) = await Ecom("events", "--count", "2000", "--seed", "7", "--brokers", kafka.Brokers, "--json");

        code.ShouldBe(0, last);
        var figures = JsonSerializer.Deserialize<JsonElement>(last);
        var records = kafka.Read([.. Topics.All]);
        records.Count.ShouldBe(2000);
        records.CountBy(record => record.Topic).ShouldBe(figures.GetProperty("topics").EnumerateObject().Select(topic => KeyValuePair.Create(topic.Name, topic.Value.GetInt32())), ignoreOrder: true);
        figures.GetProperty("events_per_s").GetDouble().ShouldBeGreaterThan(0);
        records.ShouldAllBe(record => record.Key == JsonSerializer.Deserialize<JsonElement>(record.Value, JsonSerializerOptions.Default).GetProperty("subject").GetString());
    }

    [Fact]
    [Needs(Runtime.Kafka)]
    public async Task Setup_makes_the_brokers_clock_that_of_every_topic_also_of_one_that_is_there()
    {
        using var heavy = await HeavyLock.Take();
        await using var kafka = await KafkaCluster.Start();
        await kafka.CreateTopics(3, Topics.OrderCreated);

        using var admin = kafka.Admin();
        var first = await Setup(kafka);
        // What the controller has made, a broker knows a little later.
        await Eventually.Until(() => !Topics.All.Except(admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Select(topic => topic.Topic)).Any(), TimeSpan.FromSeconds(60), "the topics are there");
        var second = await Setup(kafka);

        first.ShouldContain(line => line.StartsWith("kafka       order.created ", StringComparison.Ordinal) && line.EndsWith("changed: message.timestamp.type CreateTime to LogAppendTime", StringComparison.Ordinal));
        second.Where(line => line.StartsWith("kafka", StringComparison.Ordinal)).ShouldAllBe(line => line.EndsWith("unchanged", StringComparison.Ordinal));
        var topics = await admin.DescribeConfigsAsync(Topics.All.Select(topic => new ConfigResource { Type = ResourceType.Topic, Name = topic }));
        topics.Select(topic => topic.Entries["message.timestamp.type"].Value).Distinct().ShouldBe(["LogAppendTime"]);
    }

    [Fact]
    public async Task Generated_events_are_counted_by_the_embedded_computation()
    {
        var (code, last) = await Ecom("events", "--count", "3000", "--embedded", "--json");

        code.ShouldBe(0, last);
        JsonSerializer.Deserialize<JsonElement>(last).GetProperty("counted_per_s").GetDouble().ShouldBeGreaterThan(0);
        (await Ecom("events", "--count", "10")).Code.ShouldBe(2);
    }

    static async Task<IReadOnlyCollection<string>> Setup(KafkaCluster kafka)
    {
        await using var tool = ChildProcess.StartTool(["setup"], new Dictionary<string, string?> { ["KAFKA_BROKERS"] = kafka.Brokers, ["POSTGRES_HOST"] = null, ["ConnectionStrings__Db"] = null });
        (await tool.WaitForExit(TimeSpan.FromMinutes(2))).ShouldBe(0, tool.Tail());
        return [.. tool.Output];
    }

    static async Task<(int Code, string Last)> Ecom(params string[] arguments)
    {
        await using var tool = ChildProcess.StartTool(arguments);
        var code = await tool.WaitForExit(TimeSpan.FromMinutes(2));
        return (code, tool.Output.Last());
    }
}
