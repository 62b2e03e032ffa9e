using System.Globalization;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Tests.Spark.Support.History;
using Abandonment = Ecom.Spark.Jobs.CartAbandonment;
using Kafka = Ecom.Tests.Support.KafkaCluster;
using Operations = Ecom.Spark.Jobs.OperationalMetrics;

namespace Ecom.Tests.Spark;

/// <summary>Whole jobs, from Kafka to Kafka. Each test has its own broker topics to itself by using another job.</summary>
[Needs(Runtime.Spark | Runtime.Kafka)]
public sealed class JobsStreamingTests(SparkWorld world)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_second_run_changes_nothing_and_later_events_refine_their_window_until_they_are_too_late()
    {
        var kafka = await Topics();
        using var folder = new TempFolder("checkpoint");
        var revenue = RevenueStreaming.Job;

        kafka.Produce(Paid("10:00:10", 10m, "e1"), Paid("10:00:10", 10m, "e1"), Paid("10:20:00", 1m), new HistoryRecord("payment.processed", "no event"), Paid("10:20:00", -1m));
        var report = Run(revenue, kafka, folder);
        var first = kafka.Read(revenue.OutputTopic);
        var letters = kafka.Read(Contracts.Topics.DeadLetters).Where(letter => letter.Value.Contains("spark-revenue_streaming", StringComparison.Ordinal)).ToList();

        Rows(first, "total_revenue", "order_count").ShouldBe(["10.00 1", "1.00 1"], ignoreOrder: true);
        letters.Count.ShouldBe(2);
        report.ShouldContain("revenue_streaming is done: 5 rows in 1 batch, ");
        report.TrimEnd().ShouldEndWith(", state 3 rows, 0 too late");

        Run(revenue, kafka, folder);

        kafka.Read(revenue.OutputTopic).Count.ShouldBe(first.Count);
        kafka.Read(Contracts.Topics.DeadLetters).Count(letter => letter.Value.Contains("spark-revenue_streaming", StringComparison.Ordinal)).ShouldBe(2);

        // The watermark stands at 10:10:00: what is not newer is dropped; the duplicate of a remembered event is, too.
        kafka.Produce(Paid("10:10:00", 99m), Paid("10:10:01", 7m, "e3"), Paid("10:20:30", 2m));
        Run(revenue, kafka, folder).TrimEnd().ShouldEndWith(", 1 too late");
        Rows(kafka.Read(Contracts.Topics.OperationalMetrics), "metric_name", "topic", "value", "status").Where(row => row.Contains("revenue", StringComparison.Ordinal))
            .ShouldBe(["late_events revenue_streaming 1 WARNING"]);
        kafka.Produce(Paid("10:10:30", 7m, "e3"), Paid("10:20:59", 4m));
        Run(revenue, kafka, folder);

        Rows(kafka.Read(revenue.OutputTopic), "total_revenue", "order_count").ShouldBe(["10.00 1", "7.00 1", "7.00 3"], ignoreOrder: true);
    }

    /// <summary>With a broker of its own: every job hears the heartbeat.</summary>
    [Fact]
    public async Task The_last_carts_and_a_dead_minute_are_told_when_nothing_comes_but_heartbeats()
    {
        _ = world.Session;
        await using var kafka = await Kafka.Start();
        await kafka.CreateTopics(1, [.. Contracts.Topics.All]);
        using var folder = new TempFolder("checkpoint");

        kafka.Produce(Added("10:00:00", "ann", "PROD-001"), Added("10:01:00", "ann", "PROD-002"), Removed("10:02:00", "ann", "PROD-002"));
        RunBoth();
        kafka.Read(Abandonment.Job.OutputTopic).ShouldBeEmpty();

        kafka.Produce(Heartbeat("10:39:00", ("order.created", 12m)), Heartbeat("10:41:00", ("order.created", 12m)));
        RunBoth();

        Rows(kafka.Read(Abandonment.Job.OutputTopic), "user_id", "product_id", "item_added_time", "detected_at")
            .ShouldBe(["ann PROD-001 2026-03-01T10:00:00.000000Z 2026-03-01T10:30:00.000000Z"]);
        Rows(kafka.Read(Operations.Job.OutputTopic), "window_start", "topic", "value", "status").Where(row => row.Contains("order.created", StringComparison.Ordinal)).ShouldBe(
            ["2026-03-01T10:39:00.000000Z order.created 0 CRITICAL", "2026-03-01T10:41:00.000000Z order.created 0 CRITICAL"], ignoreOrder: true);

        void RunBoth()
        {
            foreach (var job in (Job[])[Abandonment.Job, Operations.Job])
                Run(job, kafka, folder);
        }
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_of_a_batch_leaves_the_same_rows()
    {
        const int records = 30_000;
        var kafka = await Topics();
        using var folder = new TempFolder("checkpoint");
        var velocity = Ecom.Spark.Jobs.InventoryVelocity.Job;
        kafka.Produce([.. Enumerable.Range(0, records).Select(i => Event(At("00:00:00").AddSeconds(i), new InventoryReserved("ORD-1", [new StockLine($"PROD-00{i % 5 + 1}", i % 3 + 1)])))]);
        var expected = Enumerable.Range(0, records).GroupBy(i => (Product: $"PROD-00{i % 5 + 1}", Hour: i / 3600))
            .Select(group => $"{group.Key.Product} {At("00:00:00").AddHours(group.Key.Hour):yyyy-MM-dd'T'HH:mm:ss}.000000Z {group.Sum(i => i % 3 + 1)}");

        // The rows of the first batch are on their way: the server dies before the batch is done.
        var port = Ports.Free();
        using (var doomed = SparkServer.Start(port))
        {
            var run = Task.Run(() => JobRunner.Run(new([velocity], $"sc://127.0.0.1:{port}", kafka.Brokers, folder.Path, null), TextWriter.Null, CancellationToken.None));
            await Eventually.Until(() => run.IsCompleted || folder.Batches(velocity, "offsets") > 0, Patience, "the first batch has begun");
        }
        Run(velocity, kafka, folder);

        Rows(kafka.Read(velocity.OutputTopic), "product_id", "window_start", "units_sold").ShouldBe(expected, ignoreOrder: true);
    }

    [Fact]
    public async Task The_program_reports_stops_on_a_signal_and_takes_over_from_one_that_was_killed()
    {
        var kafka = await Topics();
        _ = world.Session;
        using var folder = new TempFolder("checkpoint");
        string[] arguments = ["fraud_detection", "--remote", world.Remote, "--brokers", kafka.Brokers, "--checkpoint", folder.Path, "--trigger", "200ms"];
        kafka.Produce(Ordered("10:00:00", "ann", "ORD-1", 1500m));

        var killed = Start();
        await killed.WaitUntil(() => Reports(killed, "batch 0: 1 rows"), Patience);
        killed.Kill();
        await killed.DisposeAsync();
        await using var program = Start();
        // The dead program's stream lives on in the server until this one's takes its place.
        await program.WaitUntil(() => Reports(program, "fraud_detection started"), Patience);
        kafka.Produce(Ordered("10:00:30", "ann", "ORD-2", 6000m));
        await program.WaitUntil(() => Reports(program, "batch 1: 1 rows"), Patience);
        program.Interrupt();

        (await program.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(ExitCodes.Done);
        program.Output.ShouldContain(line => line.Contains("stopped: 1 rows in 1 batch, ", StringComparison.Ordinal) && line.Contains("goes on from here", StringComparison.Ordinal));
        Rows(kafka.Read(Contracts.Topics.FraudDetected), "order_id", "severity").Distinct().ShouldBe(["ORD-2 CRITICAL"]);
        folder.Lives(FraudDetection.Job).Count.ShouldBe(1, "the plan has one hash in both processes");

        static Task<bool> Reports(ChildProcess program, string text) => Task.FromResult(program.Output.Any(line => line.Contains(text, StringComparison.Ordinal)));

        ChildProcess Start() => ChildProcess.Start("spark job", "dotnet", [Repository.File("spark/Jobs/bin/Ecom.Jobs.dll"), .. arguments]);
    }

    [Fact]
    public async Task What_cannot_run_says_why_in_plain_words()
    {
        var kafka = await Topics();
        _ = world.Session;
        using var folder = new TempFolder("checkpoint");
        RunOptions options = new([RevenueStreaming.Job], world.Remote, kafka.Brokers, folder.Path, null);

        Exit(() => Settings.Jobs("revenue")).ShouldBe((ExitCodes.WrongCall, "revenue_streaming"));
        Exit(() => Settings.Interval("soon")).ShouldBe((ExitCodes.WrongCall, "soon"));
        Exit(() => Run(options with { Brokers = $"127.0.0.1:{Ports.Free()}" })).ShouldBe((ExitCodes.KafkaUnreachable, "127.0.0.1"));
        Exit(() => Run(options with { Jobs = [RevenueStreaming.Job with { OutputTopic = "no.such.topic" }] })).ShouldBe((ExitCodes.KafkaUnreachable, "no.such.topic"));
        Exit(() => Run(options with { Conf = new Dictionary<string, string> { ["spark.executor.memory"] = "9g" } })).ShouldBe((ExitCodes.WrongCall, "spark.executor.memory"));
        Run(options).ExitCode.ShouldBe(ExitCodes.Done);
        var owner = Path.Combine(Path.GetDirectoryName(folder.Lives(RevenueStreaming.Job).Single())!, "owner");
        Directory.Delete(owner, recursive: true);
        folder.Write(Path.Combine(owner, "part-0.txt"), "fraud_detection plan 0 epoch x");
        ShouldBeForeign("it belongs to fraud_detection plan 0");
        folder.Write("metadata", "{}");
        ShouldBeForeign("name the folder in which the jobs keep theirs");

        (int, string) Exit(Action action)
        {
            var error = Should.Throw<JobException>(action);
            string[] words = ["spark.executor.memory", "no.such.topic", "revenue_streaming, ", "soon", "127.0.0.1"];
            return (error.ExitCode, words.First(error.Message.Contains).TrimEnd(',', ' '));
        }

        void ShouldBeForeign(string why)
        {
            var (code, output) = Run(options);
            code.ShouldBe(ExitCodes.ForeignCheckpoint);
            output.ShouldContain(why);
        }

        static (int ExitCode, string Output) Run(RunOptions options)
        {
            using var output = new StringWriter();
            return (JobRunner.Run(options, output, CancellationToken.None), output.ToString());
        }
    }

    async Task<Kafka> Topics()
    {
        var kafka = await world.Kafka();
        using var admin = kafka.Admin();
        if (admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.All(topic => topic.Topic != Contracts.Topics.DeadLetters))
            await kafka.CreateTopics(1, [.. Contracts.Topics.All]);
        return kafka;
    }

    string Run(Job job, Kafka kafka, TempFolder folder)
    {
        using var output = new StringWriter();
        JobRunner.Run(new([job], world.Remote, kafka.Brokers, folder.Path, null), output, CancellationToken.None).ShouldBe(ExitCodes.Done);
        return output.ToString();
    }

    /// <summary>What a reader that upserts by record key holds in the end.</summary>
    static IReadOnlyList<string> Rows(IEnumerable<KafkaRecord> records, params string[] columns) =>
    [
        .. records.GroupBy(record => record.Key).Select(versions => JsonDocument.Parse(versions.Last().Value).RootElement.GetProperty("data"))
            .Select(data => string.Join(' ', columns.Select(column => data.GetProperty(column).ToString().ToString(CultureInfo.InvariantCulture)))),
    ];
}
