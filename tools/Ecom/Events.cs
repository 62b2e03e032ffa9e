using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;

namespace Ecom.Tool;

/// <summary>The events of many customers at once, without the services: as much as the Spark jobs can take.</summary>
static class Events
{
    // Fixed, so that a seed names the events, and past, as what lies ahead of the clock is no event for anybody.
    static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    const int Chunk = 2_000;
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100), Patience = TimeSpan.FromSeconds(30);

    public static Command Command()
    {
        var count = new Option<int>("--count") { Description = "How many events.", Required = true };
        count.Validators.Add(Options.Between(count, 1, 100_000_000));
        var seed = new Option<int>("--seed") { Description = "The same seed and start give the same events.", DefaultValueFactory = _ => 1 };
        var start = new Option<DateTimeOffset>("--start") { Description = "The time of the first event; a second follows 50 events later. None may lie ahead of the clock: it would be a dead letter.", DefaultValueFactory = _ => Beginning };
        var brokers = new Option<string?>("--brokers") { Description = "The Kafka that they are written to; setup creates its topics." };
        var embedded = new Option<bool>("--embedded") { Description = "Instead of Kafka: to an embedded sidecar with analytics-service alone, in a folder of its own; waits until they are counted there." };
        var json = new Option<bool>("--json") { Description = "The last line of the output is one JSON object with the figures." };
        var command = new Command("events", "Generate the events of a busy shop for the Spark jobs, or for the embedded computation; prints how many to which topic, and events/s.") { count, seed, start, brokers, embedded, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(brokers) is null != result.GetValue(embedded))
                result.AddError("one of --brokers and --embedded");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var (number, events) = (parsed.GetValue(count), ShopEvents.Stream(parsed.GetValue(seed), parsed.GetValue(start)).Take(parsed.GetValue(count)));
            var figures = parsed.GetValue(brokers) is { } kafka ? await ToKafka(number, events, kafka, cancel) : await ToEmbedded(number, events, cancel);
            Print(figures);
            if (parsed.GetValue(json))
                Figures.PrintJson(figures);
            return Exit.Ok;
        });
        return command;
    }

    /// <param name="CountedPerS">From the first event's publishing to the last one's row; where events are counted.</param>
    sealed record EventFigures(int Events, double EventsPerS, IReadOnlyDictionary<string, int> Topics, double? CountedPerS = null, double? MemoryMb = null);

    static async Task<EventFigures> ToKafka(int count, IEnumerable<ShopEvent> events, string brokers, CancellationToken cancel)
    {
        var topics = new SortedDictionary<string, int>(StringComparer.Ordinal);
        TimeSpan took = default;
        // A thread of its own, as the producer blocks, and Ctrl-C is heard only when the verb has given its thread back.
        await Terminal.Counting("events written", count, counted => Task.Run(() =>
        {
            using var kafka = EventWriter.Open(brokers);
            var clock = Stopwatch.StartNew();
            foreach (var e in events)
            {
                kafka.Write(e, cancel);
                topics[e.Topic] = topics.GetValueOrDefault(e.Topic) + 1;
                counted(kafka.Written);
            }
            kafka.Flush(cancel);
            counted(kafka.Written);
            took = clock.Elapsed;
        }, cancel));
        return new(count, Rate(count, took), topics);
    }

    static async Task<EventFigures> ToEmbedded(int count, IEnumerable<ShopEvent> events, CancellationToken cancel)
    {
        var topics = new SortedDictionary<string, int>(StringComparer.Ordinal);
        await using var analytics = await Terminal.Working("starting analytics-service and its sidecar", () => EmbeddedAnalytics.Start(cancel));
        var (clock, originals, published) = (Stopwatch.StartNew(), 0, TimeSpan.Zero);
        await Terminal.Counting("events counted", count, async counted =>
        {
            foreach (var chunk in events.Chunk(Chunk))
            {
                await analytics.Publish(chunk, cancel);
                originals += chunk.Count(e => !e.IsCopy);
                foreach (var e in chunk)
                    topics[e.Topic] = topics.GetValueOrDefault(e.Topic) + 1;
            }
            published = clock.Elapsed;
            for (var (seen, quiet) = (-1, Stopwatch.StartNew()); seen < originals; await Task.Delay(Look, cancel))
            {
                if (analytics.Counted() is var now && now > seen)
                    quiet.Restart();
                else if (quiet.Elapsed > Patience)
                    throw new ToolError($"{seen} of {originals} events were counted, and no more in {Patience.TotalSeconds:0} s");
                seen = now;
                counted(seen);
            }
        });
        return new(count, Rate(count, published), topics, Rate(count, clock.Elapsed), analytics.MemoryMb);
    }

    static double Rate(int count, TimeSpan took) => Math.Round(count / took.TotalSeconds);

    static void Print(EventFigures figures)
    {
        Terminal.Table(["topic", "events"], figures.Topics.Select(topic => new[] { topic.Key, topic.Value.ToString("N0", CultureInfo.InvariantCulture) }));
        Terminal.Line($"{figures.Events:N0} events written: {figures.EventsPerS:N0} events/s");
        if (figures.CountedPerS is not null)
            Terminal.Line($"from the first one written to the last one's row: {figures.CountedPerS:N0} events/s; memory {figures.MemoryMb:0} MB");
    }
}

/// <summary>Writes events as the sidecars do: keyed, each once, kept by all in-sync replicas.</summary>
sealed class EventWriter : IDisposable
{
    static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(10), Look = TimeSpan.FromMilliseconds(100);

    readonly string brokers;
    readonly IProducer<string, byte[]> producer;
    int written;
    volatile Error? failure;

    EventWriter(string brokers, IProducer<string, byte[]> producer) => (this.brokers, this.producer) = (brokers, producer);

    /// <summary>How many the brokers have.</summary>
    public int Written => written;

    public static EventWriter Open(string brokers)
    {
        var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = brokers,
            Acks = Acks.All,
            EnableIdempotence = true,
            CompressionType = CompressionType.Lz4,
            LingerMs = 50,
            MessageTimeoutMs = 30_000,
            QueueBufferingMaxKbytes = 64 * 1024,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        var writer = new EventWriter(brokers, producer);
        try
        {
            writer.Check();
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Waits where the brokers are slower than the events come.</summary>
    public void Write(ShopEvent e, CancellationToken cancel)
    {
        var message = new Message<string, byte[]> { Key = e.Key, Value = e.Json };
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (failure is { } error)
                throw Broken(error);
            try
            {
                producer.Produce(e.Topic, message, Delivered);
                return;
            }
            catch (ProduceException<string, byte[]> full) when (full.Error.Code is ErrorCode.Local_QueueFull)
            {
                producer.Poll(Look);
            }
        }
    }

    public void Flush(CancellationToken cancel)
    {
        producer.Flush(cancel);
        if (failure is { } error)
            throw Broken(error);
    }

    public void Dispose() => producer.Dispose();

    void Check()
    {
        try
        {
            using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
            var existing = admin.GetMetadata(BrokerPatience).Topics.Select(topic => topic.Topic);
            if (Contracts.Topics.All.Except(existing).ToList() is { Count: > 0 } missing)
                throw new ToolError($"Kafka {brokers} lacks {string.Join(", ", missing)}: KAFKA_BROKERS={brokers} dotnet run --project tools/Ecom -- setup");
        }
        catch (KafkaException broken)
        {
            throw new ToolError($"Kafka {brokers} cannot be reached: {broken.Error.Reason}");
        }
    }

    void Delivered(DeliveryReport<string, byte[]> report)
    {
        if (report.Error.IsError)
            failure ??= report.Error;
        else
            Interlocked.Increment(ref written);
    }

    ToolError Broken(Error error) => new($"Kafka {brokers}: {error.Reason}");
}
