using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;

namespace Ecom.Tool;

/// <summary>The events of many customers at once, without the services: as much as the Spark jobs can take.</summary>
static class Events
{
    // Fixed, so that a seed names the events, and past, as the jobs refuse what lies ahead of its record.
    static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Command Command()
    {
        var count = new Option<int>("--count") { Description = "How many events.", Required = true };
        count.Validators.Add(Options.Between(count, 1, 100_000_000));
        var seed = new Option<int>("--seed") { Description = "The same seed and start give the same events.", DefaultValueFactory = _ => 1 };
        var start = new Option<DateTimeOffset>("--start") { Description = "The time of the first event; a second follows 50 events later.", DefaultValueFactory = _ => Beginning };
        var brokers = new Option<string>("--brokers") { Description = "The Kafka that they are written to; setup creates its topics.", Required = true };
        var json = new Option<bool>("--json") { Description = "The last line of the output is one JSON object with the figures." };
        var command = new Command("events", "Generate the events of a busy shop and write them to Kafka; prints how many to which topic, and events/s.") { count, seed, start, brokers, json };
        command.SetAction((parsed, cancel) => Run(parsed.GetValue(count), ShopEvents.Stream(parsed.GetValue(seed), parsed.GetValue(start)), parsed.GetValue(brokers)!, parsed.GetValue(json), cancel));
        return command;
    }

    static async Task<int> Run(int count, IEnumerable<ShopEvent> events, string brokers, bool json, CancellationToken cancel)
    {
        var topics = new SortedDictionary<string, int>(StringComparer.Ordinal);
        TimeSpan took = default;
        // A thread of its own, as the producer blocks, and Ctrl-C is heard only when the verb has given its thread back.
        await Terminal.Counting("events written", count, counted => Task.Run(() =>
        {
            using var kafka = EventWriter.Open(brokers);
            var clock = Stopwatch.StartNew();
            foreach (var e in events.Take(count))
            {
                kafka.Write(e, cancel);
                topics[e.Topic] = topics.GetValueOrDefault(e.Topic) + 1;
                counted(kafka.Written);
            }
            kafka.Flush(cancel);
            counted(kafka.Written);
            took = clock.Elapsed;
        }, cancel));
        Terminal.Table(["topic", "events"], topics.Select(topic => new[] { topic.Key, topic.Value.ToString("N0", CultureInfo.InvariantCulture) }));
        var rate = Math.Round(count / took.TotalSeconds);
        Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{count:N0} events in {took.TotalSeconds:0.0} s: {rate:N0} events/s"));
        if (json)
            Figures.PrintJson(new { Events = count, EventsPerS = rate, Topics = topics });
        return Exit.Ok;
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
