using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Ecom.Contracts;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Tests.Spark.Support.History;
using Velocity = Ecom.Spark.Jobs.InventoryVelocity;

namespace Ecom.Tests.Spark;

/// <summary>Jobs that are to stay up, while what they stand on, or one of them, fails.</summary>
[Needs(Runtime.Spark | Runtime.Kafka)]
public sealed class JobsSupervisionTests(SparkWorld world)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    string Remote
    {
        get
        {
            _ = world.Session;
            return world.Remote;
        }
    }

    [Fact]
    public async Task A_server_and_a_broker_that_are_gone_are_waited_out_by_all_jobs()
    {
        await using var kafka = await Broker.Start();
        using var folder = new TempFolder("checkpoint");
        var port = Ports.Free();
        var server = SparkServer.Start(port);
        await using var run = Running.Start(new(Job.All, $"sc://127.0.0.1:{port}", kafka.Brokers, folder.Path, TimeSpan.FromMilliseconds(200)));
        try
        {
            kafka.Produce(Paid("10:00:00", 10m), Reserved("10:00:00", ("PROD-001", 1)), new HistoryRecord(Topics.PaymentProcessed, "no event"));
            await run.WaitUntil(() => Task.FromResult(kafka.Read(RevenueStreaming.Job.OutputTopic, Velocity.Job.OutputTopic).Count == 2), Patience, "the first rows are there");
            await run.WaitUntil(() => Task.FromResult(Job.All.All(job => Starts(job) == 1)), Patience, "all have started");

            server.Dispose();
            kafka.Kill(0);
            await run.WaitForLine("; the jobs wait for it", Patience);
            server = SparkServer.Start(port);
            await kafka.Restart(0);
            await run.WaitForLine("are there again", Patience);
            kafka.Produce(Paid("10:00:01", 5m), Reserved("10:00:01", ("PROD-001", 2)));

            await run.WaitUntil(() => Task.FromResult(Last(kafka, RevenueStreaming.Job, "total_revenue") == "15.00" && Last(kafka, Velocity.Job, "units_sold") == "3"), Patience, "the sums go on");
            await run.WaitUntil(() => Task.FromResult(Job.All.All(job => Starts(job) == 2)), Patience, "all have started again");
            // A batch that was cut off is made again: the same letters.
            await run.WaitUntil(() => Task.FromResult(kafka.Read(Topics.DeadLetters).DistinctBy(letter => JsonDocument.Parse(letter.Value).RootElement.GetProperty("id").GetString()).Count() == 2), Patience, "each job that refuses the record has buried it, once");
            (await run.Stop()).ShouldBe(ExitCodes.Done);
        }
        finally
        {
            server.Dispose();
        }
        run.Lines.TakeWhile(line => !line.Contains("are there again", StringComparison.Ordinal)).Count(line => line.Contains("the jobs wait for it", StringComparison.Ordinal)).ShouldBe(1, "one says it for all");

        int Starts(Job job) => run.Lines.Count(line => line.StartsWith($"{job.Name} started: ", StringComparison.Ordinal));
    }

    /// <summary>Long: the producer of a batch whose rows the broker refuses tries for two minutes.</summary>
    [Fact]
    [Trait("Length", "Long")]
    public async Task A_job_that_fails_starts_again_one_that_cannot_go_on_ends_and_the_others_go_on()
    {
        await using var kafka = await Broker.Start();
        using var folder = new TempFolder("checkpoint");
        RunOptions options = new([RevenueStreaming.Job, FraudDetection.Job, Velocity.Job], Remote, kafka.Brokers, folder.Path, null);
        JobRunner.Run(options, TextWriter.Null, CancellationToken.None).ShouldBe(ExitCodes.Done);
        folder.GiveAway(RevenueStreaming.Job);
        await SetLargestMessage(kafka, FraudDetection.Job.OutputTopic, "100");
        kafka.Produce(Ordered("10:00:00", "ann", "ORD-1", 1500m), Reserved("10:00:00", ("PROD-001", 1)));

        await using var run = Running.Start(options with { Interval = TimeSpan.FromMilliseconds(200) });
        await run.WaitForLine("revenue_streaming cannot go on: ", Patience);
        await run.WaitForLine("fraud_detection failed: ", Patience);
        await SetLargestMessage(kafka, FraudDetection.Job.OutputTopic, "1000000");

        await run.WaitUntil(() => Task.FromResult(kafka.Read(FraudDetection.Job.OutputTopic).Count == 5 && kafka.Read(Velocity.Job.OutputTopic).Count == 1), Patience, "both other jobs have sent their rows");
        (await run.Stop()).ShouldBe(ExitCodes.ForeignCheckpoint);
        run.Lines.ShouldContain(line => line.StartsWith("revenue_streaming cannot go on: ", StringComparison.Ordinal) && line.EndsWith("cannot be used: it belongs to somebody else", StringComparison.Ordinal));
        run.Lines.ShouldContain(line => line.Contains("starts again from its checkpoint in 1 s", StringComparison.Ordinal));
        run.Lines.Count(line => line.StartsWith("inventory_velocity started: ", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_job_takes_over_behind_events_that_Kafka_deleted_unread_and_leaves_their_rows_alone()
    {
        await using var kafka = await Broker.Start();
        using var folder = new TempFolder("checkpoint");
        RunOptions options = new([RevenueStreaming.Job], Remote, kafka.Brokers, folder.Path, null);
        kafka.Produce(Paid("10:00:00", 10m));
        Run(options).ExitCode.ShouldBe(ExitCodes.Done);
        kafka.Produce(Paid("10:00:01", 5m), Paid("10:05:00", 3m));
        using (var admin = kafka.Admin())
            await admin.DeleteRecordsAsync([new TopicPartitionOffset(Topics.PaymentProcessed, 0, 2)]);

        var (code, output) = Run(options);
        kafka.Produce(Paid("10:15:00", 2m));
        Run(options).ExitCode.ShouldBe(ExitCodes.Done);

        code.ShouldBe(ExitCodes.Done, output);
        output.ShouldContain("of what lies before 2026-03-01T10:15:00Z Kafka has no longer everything; these rows are left as they are");
        kafka.Read(RevenueStreaming.Job.OutputTopic).Select(row => JsonDocument.Parse(row.Value).RootElement.GetProperty("data").GetProperty("total_revenue").ToString()).ShouldBe(["10.00", "2.00"]);
    }

    [Fact]
    public async Task A_query_that_is_changed_starts_afresh_and_one_that_is_not_goes_on()
    {
        await using var kafka = await Broker.Start();
        using var folder = new TempFolder("checkpoint");
        RunOptions options = new([RevenueStreaming.Job], Remote, kafka.Brokers, folder.Path, null);
        kafka.Produce(Paid("10:00:00", 10m));

        Run(options).ExitCode.ShouldBe(ExitCodes.Done);
        Run(options).ExitCode.ShouldBe(ExitCodes.Done);
        folder.Lives(RevenueStreaming.Job).Count.ShouldBe(1);
        kafka.Read(RevenueStreaming.Job.OutputTopic).Count.ShouldBe(1);

        var changed = RevenueStreaming.Job with { Transform = events => RevenueStreaming.Transform(events).Filter("total_revenue > 1") };
        Run(options with { Jobs = [changed] }).ExitCode.ShouldBe(ExitCodes.Done);
        folder.Lives(RevenueStreaming.Job).Count.ShouldBe(2);
        Run(options with { Own = new Dictionary<string, StreamSettings> { [changed.Name] = new(null, Partitions: 3, Store: StateStore.RocksDb) } }).ExitCode.ShouldBe(ExitCodes.Done);
        folder.Lives(RevenueStreaming.Job).Count.ShouldBe(3);
        kafka.Read(RevenueStreaming.Job.OutputTopic).Count.ShouldBe(3);
    }

    static (int ExitCode, string Output) Run(RunOptions options)
    {
        using var output = new StringWriter();
        return (JobRunner.Run(options, output, CancellationToken.None), output.ToString());
    }

    /// <summary>Every version of a row is larger than the one before.</summary>
    static string Last(KafkaCluster kafka, Job job, string column)
    {
        using var last = JsonDocument.Parse(kafka.Read(job.OutputTopic)[^1].Value);
        return last.RootElement.GetProperty("data").GetProperty(column).ToString();
    }

    static async Task SetLargestMessage(KafkaCluster kafka, string topic, string bytes)
    {
        using var admin = kafka.Admin();
        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [new() { Type = ResourceType.Topic, Name = topic }] = [new() { Name = "max.message.bytes", Value = bytes, IncrementalOperation = AlterConfigOpType.Set }],
        });
    }
}
