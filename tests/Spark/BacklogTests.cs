using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using Ecom.Analytics;
using Ecom.Contracts;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark;

/// <summary>
/// A day that waits in Kafka, computed in every way there is: by a stream that catches up first, however small its batches, by
/// a range in chunks, and by the embedded computation, to which it comes in order. The rows are the same.
/// </summary>
[Needs(Runtime.Spark | Runtime.Kafka)]
public sealed class BacklogTests(SparkWorld world)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    static readonly DateTimeOffset Start = new(DateTime.UtcNow.Date.AddDays(-2), TimeSpan.Zero);

    /// <summary>The one that watches all topics comes first: what the others tell is news of today.</summary>
    static readonly IReadOnlyList<Job> Jobs = [Ecom.Spark.Jobs.OperationalMetrics.Job, .. Job.All.Except([Ecom.Spark.Jobs.OperationalMetrics.Job])];

    [Fact]
    public async Task A_day_read_in_a_hundred_batches_or_as_a_range_is_the_day()
    {
        await using var shop = await DayInKafka.Start(world, visits: 3_000);

        foreach (var job in Jobs)
            await shop.ShouldComputeTheRange(job);
        await shop.ShouldReadInBatches(FraudDetection.Job, 100);
        await shop.ShouldReadInBatches(Ecom.Spark.Jobs.CartAbandonment.Job, 100);
    }

    [Fact]
    [Trait("Length", "Long")]
    public async Task A_long_day_is_the_same_however_it_is_read()
    {
        await using var shop = await DayInKafka.Start(world, visits: 30_000);

        foreach (var job in Jobs)
        {
            await shop.ShouldComputeTheRange(job);
            foreach (var batches in (int[])[1, 10, 100])
                await shop.ShouldReadInBatches(job, batches);
        }
    }

    sealed class DayInKafka(SparkWorld world, KafkaCluster kafka, IReadOnlyList<DayEvent> day) : IAsyncDisposable
    {
        readonly TempFolder folder = new("checkpoint");
        int runs;

        public static async Task<DayInKafka> Start(SparkWorld world, int visits)
        {
            _ = world.Session;
            var kafka = await KafkaCluster.Start();
            var inputs = FlowRules.Watched.ToArray();
            await kafka.CreateTopics(3, inputs);
            await kafka.CreateTopics(1, [.. Topics.All.Except(inputs)]);
            var day = Day.Events(visits, BacklogTests.Start);
            Produce(kafka, day);
            return new(world, kafka, day);
        }

        /// <summary>In chunks that are smaller than the day.</summary>
        public async Task ShouldComputeTheRange(Job job)
        {
            var inputs = day.Where(e => job.Inputs.ContainsKey(e.Record.Topic)).ToList();
            var end = inputs.Max(e => e.Fact.Time) - AnalyticsRules.Lateness - job.Reach;
            using var output = new StringWriter();
            var (rows, _) = await Rows(job, options => RangeRunner.Run(options, BacklogTests.Start.AddHours(3), end, output, CancellationToken.None, inputs.Count / 5));

            rows.ShouldBe(Computed(job, row => row >= BacklogTests.Start.AddHours(3) && row < end), job.Name);
            rows.Count.ShouldBeGreaterThan(50);
            output.ToString().ShouldContain($"{job.Name} is done: ");
            output.ToString().Split('\n').Count(line => line.Contains(" to ", StringComparison.Ordinal)).ShouldBeGreaterThan(3);
            Directory.Exists(folder.File($"{runs}/ranges/{job.Name}")).ShouldBeFalse("what was staged is gone");
        }

        public async Task ShouldReadInBatches(Job job, int batches)
        {
            var records = day.Count(e => job.Inputs.ContainsKey(e.Record.Topic));
            using var output = new StringWriter();
            var (rows, sent) = await Rows(job, options => JobRunner.Run(options with { RecordsPerBatch = records / batches + 1 }, output, CancellationToken.None));

            TestContext.Current.TestOutputHelper?.WriteLine(output.ToString());
            rows.ShouldBe(Computed(job, _ => true), $"{job.Name} in {batches} batches");
            output.ToString().TrimEnd().ShouldEndWith(", 0 too late");
            output.ToString().Contains("caught up", StringComparison.Ordinal).ShouldBe(batches > 1);
            var (again, none) = await Rows(job, options => JobRunner.Run(options with { RecordsPerBatch = records / batches + 1 }, output, CancellationToken.None), sameRun: true);
            none.ShouldBe(0, "a second run changes nothing");
            again.ShouldBeEmpty();
        }

        /// <summary>What a run sends, the last of each key, and how much it sends.</summary>
        async Task<(IReadOnlyList<string> Rows, int Sent)> Rows(Job job, Func<RunOptions, int> run, bool sameRun = false)
        {
            var before = kafka.Read(job.OutputTopic).Count;
            var checkpoints = folder.File(sameRun ? $"{runs}" : $"{++runs}");
            (await Task.Run(() => run(new([job], world.Remote, kafka.Brokers, checkpoints, null)))).ShouldBe(ExitCodes.Done);
            var sent = kafka.Read(job.OutputTopic).Skip(before).ToList();
            // The watched topics have what the jobs themselves told today.
            return ([.. sent.GroupBy(row => row.Key).Select(versions => JsonDocument.Parse(versions.Last().Value).RootElement.GetProperty("data"))
                .Where(row => row.GetProperty(job.RowTime).GetDateTimeOffset() < BacklogTests.Start.AddDays(1.5)).Select(Text).Order(StringComparer.Ordinal)], sent.Count);
        }

        /// <summary>What the embedded computation makes of the day.</summary>
        IReadOnlyList<string> Computed(Job job, Func<DateTimeOffset, bool> isAsked)
        {
            Computation computation = job.Name switch
            {
                "revenue_streaming" => new RevenuePerMinute(),
                "fraud_detection" => new FraudPerUser(),
                "cart_abandonment" => new AbandonedCarts(),
                "inventory_velocity" => new VelocityPerProduct(),
                _ => new OperationsPerTopic(),
            };
            Dictionary<string, JsonElement> rows = [];
            foreach (var batch in day.Chunk(200))
                foreach (var row in computation.Fold(batch.Select(e => e.Fact), DateTimeOffset.UnixEpoch).Rows.Select(row => JsonSerializer.SerializeToElement<object>(row, Json.Options)))
                    rows[string.Join('|', job.Key.Select(column => row.GetProperty(column).ToString()))] = row;
            return [.. rows.Values.Where(row => isAsked(row.GetProperty(job.RowTime).GetDateTimeOffset())).Select(Text).Order(StringComparer.Ordinal)];
        }

        /// <summary>The columns that both have, in one writing.</summary>
        static string Text(JsonElement row) => string.Join(' ', row.EnumerateObject().Where(column => column.Name is not ("as_of" or "sequence")).OrderBy(column => column.Name, StringComparer.Ordinal).Select(column => column.Value switch
        {
            { ValueKind: JsonValueKind.Number } number => number.GetDecimal().ToString("0.00", CultureInfo.InvariantCulture),
            { ValueKind: JsonValueKind.String } text when text.TryGetDateTimeOffset(out var time) => time.UtcDateTime.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
            var other => other.ToString(),
        }));

        public async ValueTask DisposeAsync()
        {
            await kafka.DisposeAsync();
            folder.Dispose();
        }
    }

    static void Produce(KafkaCluster kafka, IEnumerable<DayEvent> day)
    {
        using var producer = new ProducerBuilder<string, byte[]?>(new ProducerConfig { BootstrapServers = kafka.Brokers, LingerMs = 5 }).Build();
        foreach (var e in day)
            producer.Produce(e.Record.Topic, new Message<string, byte[]?> { Key = e.Key, Value = e.Record.Value, Timestamp = new(e.Written) });
        producer.Flush(Patience);
    }
}
