using System.Text;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark;

/// <summary>
/// One history, told to the five jobs on Spark and to analytics-service that computes by itself, each killed on the way: the five
/// tables are the same, row by row and field by field.
/// </summary>
[Needs(Runtime.Spark | Runtime.Kafka)]
public sealed class ParityTests(SparkWorld world)
{
    const int KilledSpark = 3, KilledService = 5;
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>What is late goes by the batches, and no two are cut alike: those rows are each side's own.</summary>
    const string Flow = "operational_metrics WHERE metric_name = 'events_per_minute'";

    static readonly Dictionary<string, string> Tables = new()
    {
        ["revenue_metrics"] = "window_start, window_end, total_revenue, order_count, avg_order_value, sequence, as_of",
        ["fraud_alerts"] = "user_id, order_id, alert_type, severity, details, window_start, window_end, sequence, as_of",
        ["cart_abandonment"] = "user_id, product_id, item_added_time, detected_at, sequence, as_of",
        ["inventory_velocity"] = "product_id, window_start, window_end, units_sold, revenue, sequence, as_of",
        [Flow] = "metric_name, topic, window_start, window_end, value, status, sequence, as_of",
    };

    [Fact]
    public async Task Spark_and_the_service_alone_come_to_the_same_rows()
    {
        _ = world.Session;
        await using var spark = await SparkSide.Start(world);
        await using var computed = await ServiceProcess.Start("Analytics", Database.Sqlite);
        await using var kept = await ServiceProcess.Start("Analytics", Database.Sqlite, new Dictionary<string, string> { ["ANALYTICS_ENGINE"] = "spark" });

        var parts = ParityHistory.Parts();
        foreach (var (i, part) in parts.Index())
            await Task.WhenAll(Tell(computed, part, kill: i == KilledService), spark.Tell(part, kill: i == KilledSpark));
        var results = spark.Results();
        spark.Run();
        spark.Results().Count.ShouldBe(results.Count, "a second run changes nothing");
        foreach (var topic in results.GroupBy(result => result.Topic))
            foreach (var result in topic)
                (await kept.DeliverBulk(topic.Key, [result.Value])).ShouldBe("SUCCESS");

        parts.Sum(part => part.Count).ShouldBeGreaterThan(10_000);
        foreach (var (table, columns) in Tables)
            (await Rows(computed, table, columns)).ShouldBe(await Rows(kept, table, columns), table);
        await ShouldHaveSubstance(computed);
    }

    /// <summary>Whatever the rules speak of has left its trace, and what is late has left none.</summary>
    static async Task ShouldHaveSubstance(ServiceProcess service)
    {
        (await Distinct("fraud_alerts", "alert_type || ' ' || severity")).ShouldBe(
            ["high_order_value CRITICAL", "high_order_value HIGH", "multiple_failed_payments MEDIUM", "unusual_order_frequency CRITICAL", "unusual_order_frequency HIGH"]);
        (await Distinct(Flow, "status")).ShouldBe(["CRITICAL", "HEALTHY", "WARNING"]);
        (await Distinct("operational_metrics WHERE metric_name = 'late_events'", "topic")).ShouldBe(["cart_abandonment", "fraud_detection", "inventory_velocity", "operational_metrics", "revenue_streaming"]);
        (await service.Count("cart_abandonment")).ShouldBeGreaterThan(500);
        (await service.Count("revenue_metrics")).ShouldBeGreaterThan(50);
        (await service.Count($"{Flow} AND topic = 'inventory.low' AND CAST(value AS INTEGER) = 0")).ShouldBeGreaterThan(50);
        foreach (var (user, product, count) in ((string, string, int)[])[(ParityHistory.LateUser, ParityHistory.LateProduct, 0), (ParityHistory.EdgeUser, ParityHistory.EdgeProduct, 1)])
        {
            (await service.Count($"cart_abandonment WHERE user_id = '{user}'")).ShouldBe(count);
            (await service.Count($"fraud_alerts WHERE user_id = '{user}' AND alert_type = 'high_order_value'")).ShouldBe(count * 5);
            (await service.Count($"inventory_velocity WHERE product_id = '{product}'")).ShouldBe(count);
        }
        (await service.Count("revenue_metrics WHERE window_start < '2026-11-01 08:18'")).ShouldBe(0);
        (await service.Count($"{Flow} AND window_start < '2026-11-01 08:18'")).ShouldBe(0);

        async Task<IReadOnlyList<string>> Distinct(string table, string what) => await service.Query($"SELECT DISTINCT {what} FROM {table} ORDER BY 1");
    }

    static async Task<IReadOnlyList<string>> Rows(ServiceProcess service, string table, string columns) =>
        [.. (await service.Query($"SELECT {columns} FROM {table}")).Order(StringComparer.Ordinal)];

    /// <summary>All topics at once, as the sidecar delivers; what was not answered comes again.</summary>
    static async Task Tell(ServiceProcess service, IReadOnlyList<HistoryRecord> part, bool kill)
    {
        var deliveries = part.GroupBy(record => record.Topic, record => Json(record.Value!)).SelectMany(topic => topic.Chunk(100).Select(events => (Topic: topic.Key, Events: events))).ToList();
        while (deliveries.Count > 0)
        {
            var answers = deliveries.Select(delivery => Deliver(service, delivery.Topic, delivery.Events)).ToList();
            if (kill)
                await service.KillAndStartAgain();
            kill = false;
            var answered = await Task.WhenAll(answers);
            deliveries = [.. deliveries.Where((_, i) => !answered[i])];
        }
    }

    static async Task<bool> Deliver(ServiceProcess service, string topic, string[] events)
    {
        try
        {
            return await (topic == Topics.DeadLetters ? service.DeliverRaw(topic, events) : service.DeliverBulk(topic, events)) == "SUCCESS";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>What is no JSON cannot be an event in a delivery: the sidecar would bury it by itself.</summary>
    static string Json(byte[] value)
    {
        try
        {
            using var json = JsonDocument.Parse(value);
            return Encoding.UTF8.GetString(value);
        }
        catch (JsonException)
        {
            return JsonSerializer.Serialize(Convert.ToBase64String(value));
        }
    }

    /// <summary>
    /// The jobs on Spark. The one that watches all topics has a broker of its own: what the others tell of fraud would count there,
    /// and the service does not hear its own.
    /// </summary>
    sealed class SparkSide(SparkWorld world, KafkaCluster events, KafkaCluster flow) : IAsyncDisposable
    {
        static readonly IReadOnlyList<Job> Watching = [Ecom.Spark.Jobs.OperationalMetrics.Job], Others = [.. Job.All.Except(Watching)];
        readonly TempFolder folder = new("checkpoint");

        public static async Task<SparkSide> Start(SparkWorld world)
        {
            var clusters = await Task.WhenAll(KafkaCluster.Start(), KafkaCluster.Start());
            foreach (var cluster in clusters)
                await cluster.CreateTopics(3, [.. Topics.All]);
            return new(world, clusters[0], clusters[1]);
        }

        public async Task Tell(IReadOnlyList<HistoryRecord> part, bool kill)
        {
            foreach (var cluster in new[] { events, flow })
                cluster.Produce(part);
            if (kill)
                await RunOnAServerThatDies();
            await Task.Run(Run);
        }

        public void Run()
        {
            JobRunner.Run(Options(Others, world.Remote, events), TextWriter.Null, CancellationToken.None).ShouldBe(ExitCodes.Done);
            JobRunner.Run(Options(Watching, world.Remote, flow), TextWriter.Null, CancellationToken.None).ShouldBe(ExitCodes.Done);
        }

        public IReadOnlyList<KafkaRecord> Results() =>
        [
            .. Results(events, Others),
            // What cannot be read at all has no time of that night: the letters about it are events of today.
            .. Results(flow, Watching).Where(record => record.Value.Contains("\"window_start\":\"2026-11-01", StringComparison.Ordinal)),
        ];

        public async ValueTask DisposeAsync()
        {
            await events.DisposeAsync();
            await flow.DisposeAsync();
            folder.Dispose();
        }

        /// <summary>The server dies when the jobs have begun the batch and none has finished it.</summary>
        async Task RunOnAServerThatDies()
        {
            var port = Ports.Free();
            using var doomed = SparkServer.Start(port);
            var runs = new[] { (Others, events), (Watching, flow) }.Select(run => Task.Run(() => JobRunner.Run(Options(run.Item1, $"sc://127.0.0.1:{port}", run.Item2), TextWriter.Null, CancellationToken.None))).ToList();
            await Eventually.Until(() => runs.Exists(run => run.IsCompleted) || Job.All.Any(job => folder.Batches(job, "offsets") > folder.Batches(job, "commits")), Patience, "a batch has begun");
            doomed.Dispose();
            foreach (var run in runs)
                await run.ContinueWith(_ => { }, TaskScheduler.Default);
        }

        RunOptions Options(IReadOnlyList<Job> jobs, string remote, KafkaCluster kafka) => new(jobs, remote, kafka.Brokers, folder.Path, null);

        static IEnumerable<KafkaRecord> Results(KafkaCluster kafka, IReadOnlyList<Job> jobs) =>
            kafka.Read([.. jobs.Select(job => job.OutputTopic)]).Where(record => record.Value.Contains("\"source\":\"spark-", StringComparison.Ordinal));
    }
}
