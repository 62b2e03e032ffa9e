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
        await using var shop = await DayInKafka.Start(world, visits: 1_500, upTo: Start.AddHours(12));
        var (fraud, carts, revenue) = (FraudDetection.Job, Ecom.Spark.Jobs.CartAbandonment.Job, RevenueStreaming.Job);

        // One stream has stood still since noon, the other one is new.
        await shop.ReadInOneBatch(carts);
        shop.GoOn();
        await shop.ShouldReadInBatches(carts, 100, goesOn: true);
        await shop.ShouldReadInBatches(fraud, 100);

        await shop.ShouldComputeTheRange(carts);
        await shop.ShouldComputeTheRange(revenue);
        shop.ShouldRefuseWhatIsNotOver(revenue);
    }

    [Fact]
    [Trait("Length", "Long")]
    public async Task A_long_day_is_the_same_however_it_is_read()
    {
        await using var shop = await DayInKafka.Start(world, visits: 20_000);

        foreach (var job in Jobs)
        {
            await shop.ShouldComputeTheRange(job);
            foreach (var batches in (int[])[1, 10, 100])
                await shop.ShouldReadInBatches(job, batches);
        }
    }

    [Fact]
    public async Task Rows_of_which_retention_has_cut_a_part_are_not_told_again_from_the_rest()
    {
        await using var shop = await DayInKafka.Start(world, visits: 600);
        var revenue = RevenueStreaming.Job;
        var complete = await shop.ReadInOneBatch(revenue);

        var cut = await shop.DeleteHalfOf(new(Topics.PaymentProcessed, 0));

        var (stream, range) = (await shop.ReadInOneBatch(revenue), await shop.ComputeUpTo(revenue, Start.AddHours(20)));
        stream.ShouldBe(complete.Where(row => row.Time >= cut + AnalyticsRules.Lateness));
        range.ShouldBe(stream.Where(row => row.Time < Start.AddHours(20)));
        range.Count.ShouldBeGreaterThan(10);
    }

    [Fact]
    [Trait("Length", "Long")]
    public async Task A_server_killed_while_a_stream_catches_up_leaves_the_same_rows()
    {
        await using var shop = await DayInKafka.Start(world, visits: 20_000);

        await shop.ShouldReadInBatches(Ecom.Spark.Jobs.CartAbandonment.Job, 100, killed: true);
    }

    sealed class DayInKafka(SparkWorld world, KafkaCluster kafka, IReadOnlyList<DayEvent> day) : IAsyncDisposable
    {
        readonly TempFolder folder = new("checkpoint");
        int checkpoints, told;

        /// <param name="upTo">Until when its events are there already.</param>
        public static async Task<DayInKafka> Start(SparkWorld world, int visits, DateTimeOffset? upTo = null)
        {
            _ = world.Session;
            var kafka = await KafkaCluster.Start();
            var inputs = FlowRules.Watched.ToArray();
            await kafka.CreateTopics(3, inputs);
            await kafka.CreateTopics(1, [.. Topics.All.Except(inputs)]);
            var shop = new DayInKafka(world, kafka, Day.Events(visits, BacklogTests.Start));
            shop.GoOn(upTo);
            return shop;
        }

        /// <summary>The next events of the day come.</summary>
        public void GoOn(DateTimeOffset? upTo = null)
        {
            var next = day.Skip(told).TakeWhile(e => upTo is null || e.Written < upTo).ToList();
            Produce(kafka, next);
            told += next.Count;
        }

        /// <summary>In chunks that are smaller than the day.</summary>
        public async Task ShouldComputeTheRange(Job job)
        {
            var (from, to) = (BacklogTests.Start.AddHours(3), End(job));
            using var output = new StringWriter();
            var rows = Last(await Sent(job, options => RangeRunner.Run(options, from, to, output, CancellationToken.None, day.Count(e => job.Inputs.ContainsKey(e.Record.Topic)) / 5)), job);

            rows.ShouldBe(Computed(job, row => row >= from && row < to), job.Name);
            rows.Count.ShouldBeGreaterThan(50);
            output.ToString().ShouldContain($"{job.Name} is done: ");
            output.ToString().Split('\n').Count(line => line.Contains("Z to 2", StringComparison.Ordinal)).ShouldBeGreaterThan(3);
            Directory.Exists(folder.File($"{checkpoints}/ranges/{job.Name}")).ShouldBeFalse("what was staged is gone");
        }

        public void ShouldRefuseWhatIsNotOver(Job job)
        {
            var error = Should.Throw<JobException>(() => RangeRunner.Run(Options(job), BacklogTests.Start, End(job).AddMicroseconds(1), TextWriter.Null, CancellationToken.None));

            error.ExitCode.ShouldBe(ExitCodes.WrongCall);
            error.Message.ShouldEndWith($"so --to may be {Past.Text(End(job))} at most");
        }

        public async Task ShouldReadInBatches(Job job, int batches, bool goesOn = false, bool killed = false)
        {
            if (!goesOn)
                checkpoints++;
            var records = day.Count(e => job.Inputs.ContainsKey(e.Record.Topic)) / batches + 1;
            using var output = new StringWriter();
            var before = goesOn ? [] : kafka.Read(job.OutputTopic);
            if (killed)
                await RunOnAServerThatDies(Options(job, records));
            await Sent(job, options => JobRunner.Run(options with { Own = Options(job, records).Own }, output, CancellationToken.None));

            TestContext.Current.TestOutputHelper?.WriteLine(output.ToString());
            Last(Since(before, job), job).ShouldBe(Computed(job, _ => true), $"{job.Name} in {batches} batches");
            output.ToString().TrimEnd().ShouldEndWith(", 0 too late");
            output.ToString().Contains("caught up", StringComparison.Ordinal).ShouldBe(batches > 1);
            Staged(folder.File($"{checkpoints}")).ShouldBeEmpty("what was staged is gone");
            (await Sent(job, options => JobRunner.Run(options with { Own = Options(job, records).Own }, output, CancellationToken.None))).ShouldBeEmpty("a second run changes nothing");
        }

        /// <summary>With a new checkpoint.</summary>
        public async Task<IReadOnlyList<Row>> ReadInOneBatch(Job job)
        {
            checkpoints++;
            return Last(await Sent(job, options => JobRunner.Run(options, TextWriter.Null, CancellationToken.None)), job);
        }

        public async Task<IReadOnlyList<Row>> ComputeUpTo(Job job, DateTimeOffset to) =>
            Last(await Sent(job, options => RangeRunner.Run(options, BacklogTests.Start, to, TextWriter.Null, CancellationToken.None)), job);

        /// <returns>The time of the first event that is left.</returns>
        public async Task<DateTimeOffset> DeleteHalfOf(TopicPartition partition)
        {
            var records = kafka.Read(partition.Topic).Where(record => record.Partition == partition.Partition).ToList();
            var first = records[records.Count / 2];
            using var admin = kafka.Admin();
            await admin.DeleteRecordsAsync([new(partition, first.Offset)]);
            return JsonDocument.Parse(first.Value).RootElement.GetProperty("time").GetDateTimeOffset();
        }

        /// <summary>The first row time that is not final.</summary>
        DateTimeOffset End(Job job) => day.Where(e => job.Inputs.ContainsKey(e.Record.Topic)).Max(e => e.Fact.Time) - AnalyticsRules.Lateness - job.Reach;

        async Task RunOnAServerThatDies(RunOptions options)
        {
            var port = Ports.Free();
            using var doomed = SparkServer.Start(port);
            using var output = new StringWriter();
            var run = Task.Run(() => JobRunner.Run(options with { Remote = $"sc://127.0.0.1:{port}" }, output, CancellationToken.None));
            await Eventually.Until(() => run.IsCompleted || Staged(options.Checkpoints).Any(staged => Directory.Exists(Path.Combine(staged, "events"))), Patience, "it stages the past");
            doomed.Dispose();
            await run.ContinueWith(_ => { }, TaskScheduler.Default);
            output.ToString().ShouldNotContain("caught up");
        }

        /// <param name="records">The most of a batch.</param>
        RunOptions Options(Job job, int records = StreamSettings.DefaultRate) => new([job], world.Remote, kafka.Brokers, folder.File($"{checkpoints}"), null)
        {
            Own = new Dictionary<string, StreamSettings> { [job.Name] = new(Interval: null, Rate: records) },
        };

        /// <summary>What a catch-up keeps for its time, below a folder of checkpoints.</summary>
        static string[] Staged(string checkpoints) => Directory.Exists(checkpoints) ? Directory.GetDirectories(checkpoints, "staged", SearchOption.AllDirectories) : [];

        /// <summary>What a run sends.</summary>
        async Task<IReadOnlyList<KafkaRecord>> Sent(Job job, Func<RunOptions, int> run)
        {
            var before = kafka.Read(job.OutputTopic);
            (await Task.Run(() => run(Options(job)))).ShouldBe(ExitCodes.Done);
            return Since(before, job);
        }

        /// <summary>What a job has sent beside that: the end of each partition, not of the topic.</summary>
        IReadOnlyList<KafkaRecord> Since(IReadOnlyList<KafkaRecord> before, Job job)
        {
            var read = before.Select(record => (record.Partition, record.Offset)).ToHashSet();
            return [.. kafka.Read(job.OutputTopic).Where(record => !read.Contains((record.Partition, record.Offset)))];
        }

        /// <summary>What a reader that upserts by record key holds in the end. The watched topics have what the jobs themselves told today.</summary>
        static IReadOnlyList<Row> Last(IEnumerable<KafkaRecord> records, Job job) =>
        [
            .. records.GroupBy(row => row.Key).Select(versions => RowOf(job, JsonDocument.Parse(versions.Last().Value).RootElement.GetProperty("data")))
                .Where(row => row.Time < BacklogTests.Start.AddDays(1.5)).Order(),
        ];

        /// <summary>What the embedded computation makes of the day.</summary>
        IReadOnlyList<Row> Computed(Job job, Func<DateTimeOffset, bool> isAsked)
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
                foreach (var row in computation.Fold(batch.Select(e => e.Fact)).Rows.Select(row => JsonSerializer.SerializeToElement<object>(row, Json.Options)))
                    rows[string.Join('|', job.Key.Select(column => row.GetProperty(column).ToString()))] = row;
            return [.. rows.Values.Select(row => RowOf(job, row)).Where(row => isAsked(row.Time)).Order()];
        }

        /// <summary>The columns that both have, in one writing.</summary>
        static Row RowOf(Job job, JsonElement row) => new(row.GetProperty(job.RowTime).GetDateTimeOffset(), string.Join(' ', row.EnumerateObject().Where(column => column.Name is not ("as_of" or "sequence")).OrderBy(column => column.Name, StringComparer.Ordinal).Select(column => column.Value switch
        {
            { ValueKind: JsonValueKind.Number } number => number.GetDecimal().ToString("0.00", CultureInfo.InvariantCulture),
            { ValueKind: JsonValueKind.String } text when text.TryGetDateTimeOffset(out var time) => time.UtcDateTime.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
            var other => other.ToString(),
        })));

        public async ValueTask DisposeAsync()
        {
            await kafka.DisposeAsync();
            folder.Dispose();
        }
    }

    /// <summary>A row in one writing, whoever told it.</summary>
    readonly record struct Row(DateTimeOffset Time, string Text) : IComparable<Row>
    {
        public int CompareTo(Row other) => Time == other.Time ? string.CompareOrdinal(Text, other.Text) : Time.CompareTo(other.Time);
    }

    static void Produce(KafkaCluster kafka, IEnumerable<DayEvent> day)
    {
        using var producer = new ProducerBuilder<string, byte[]?>(new ProducerConfig { BootstrapServers = kafka.Brokers, LingerMs = 5 }).Build();
        foreach (var e in day)
            producer.Produce(e.Record.Topic, new Message<string, byte[]?> { Key = e.Key, Value = e.Record.Value, Timestamp = new(e.Written) });
        producer.Flush(Patience);
    }
}
