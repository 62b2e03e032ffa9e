using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Ecom.Tests.Support;

public sealed record KafkaRecord(string Topic, int Partition, long Offset, string? Key, string Value, IReadOnlyDictionary<string, string> Headers);

/// <summary>One or three Kafka brokers that are controllers too (KRaft), with small heaps, on free ports.</summary>
public sealed class KafkaCluster : IAsyncDisposable
{
    readonly TempFolder folder = new("kafka");
    readonly IServer[] brokers;
    readonly int[] clientPorts;

    KafkaCluster(int count) => (brokers, clientPorts) = ([.. Enumerable.Range(0, count).Select(Broker)], Ports.Free(count));

    public string Brokers => string.Join(',', clientPorts.Select(port => $"127.0.0.1:{port}"));

    public static async Task<KafkaCluster> Start(int brokers = 1)
    {
        var cluster = new KafkaCluster(brokers);
        var controllers = Ports.Free(brokers);
        var voters = string.Join(',', controllers.Select((port, i) => $"{i + 1}@127.0.0.1:{port}"));
        for (var i = 0; i < brokers; i++)
            cluster.folder.Write($"{i}.properties", Configuration(cluster, i, controllers[i], voters));
        try
        {
            await Task.WhenAll(cluster.brokers.Select(cluster.StartBroker));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task CreateTopics(int partitions, params string[] names)
    {
        using var admin = Admin();
        var replicas = (short)brokers.Length;
        await admin.CreateTopicsAsync(names.Select(name => new TopicSpecification { Name = name, NumPartitions = partitions, ReplicationFactor = replicas }));
    }

    public IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Brokers, LogConnectionClose = false }).SetLogHandler(Quiet).Build();

    public async Task Produce(string topic, string? key, string value)
    {
        using var producer = new ProducerBuilder<string?, string>(new ProducerConfig { BootstrapServers = Brokers, Acks = Acks.All, EnableIdempotence = true }).SetLogHandler(Quiet).Build();
        await producer.ProduceAsync(topic, new Message<string?, string> { Key = key, Value = value });
    }

    /// <summary>Everything that is in the topics now, in the order of the partitions.</summary>
    public IReadOnlyList<KafkaRecord> Read(params string[] topics)
    {
        var settings = new ConsumerConfig
        {
            BootstrapServers = Brokers,
            GroupId = $"test-{Guid.NewGuid():N}",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        };
        using var consumer = new ConsumerBuilder<string?, string>(settings).SetLogHandler(Quiet).Build();
        using var admin = Admin();
        var partitions = admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics
            .Where(topic => topics.Contains(topic.Topic))
            .SelectMany(topic => topic.Partitions.Select(p => new TopicPartitionOffset(topic.Topic, p.PartitionId, Offset.Beginning)))
            .ToList();
        consumer.Assign(partitions);
        List<KafkaRecord> records = [];
        for (var open = partitions.Count; open > 0;)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(20)) ?? throw new TimeoutException($"Reading {string.Join(", ", topics)} brought nothing for 20 s.");
            if (result.IsPartitionEOF)
                open--;
            else
                records.Add(new(result.Topic, result.Partition, result.Offset, result.Message.Key, result.Message.Value, Headers(result.Message)));
        }

        return [.. records.OrderBy(r => r.Topic, StringComparer.Ordinal).ThenBy(r => r.Partition).ThenBy(r => r.Offset)];
    }

    /// <summary>Up to where a group says to have read, by partition.</summary>
    public async Task<IReadOnlyDictionary<TopicPartition, long>> Committed(string group)
    {
        using var admin = Admin();
        var answer = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null)]);
        return answer[0].Partitions.ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
    }

    public void Kill(int broker) => brokers[broker].Kill();

    public Task Restart(int broker) => StartBroker(brokers[broker]);

    public async ValueTask DisposeAsync()
    {
        // Killed, not stopped: an orderly shutdown of a whole cluster waits for a controller that is going away too.
        foreach (var broker in brokers)
        {
            broker.Kill();
            await broker.DisposeAsync();
        }

        folder.Dispose();
    }

    static string Configuration(KafkaCluster cluster, int index, int controllerPort, string voters)
    {
        var count = cluster.brokers.Length;
        var minimum = Math.Max(1, count - 1);
        return $"""
            process.roles=broker,controller
            node.id={index + 1}
            controller.quorum.voters={voters}
            listeners=PLAINTEXT://127.0.0.1:{cluster.clientPorts[index]},CONTROLLER://127.0.0.1:{controllerPort}
            advertised.listeners=PLAINTEXT://127.0.0.1:{cluster.clientPorts[index]}
            controller.listener.names=CONTROLLER
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
            log.dirs={cluster.folder.File($"data{index}")}
            num.partitions=3
            default.replication.factor={count}
            min.insync.replicas={minimum}
            offsets.topic.replication.factor={count}
            offsets.topic.num.partitions=6
            transaction.state.log.replication.factor={count}
            transaction.state.log.min.isr={minimum}
            auto.create.topics.enable=false
            group.initial.rebalance.delay.ms=0
            num.network.threads=2
            num.io.threads=4
            """;
    }

    static void Quiet(IClient client, LogMessage message)
    {
        // librdkafka writes each refused connection to stderr; a broker that is down is what some tests are about.
    }

    static Dictionary<string, string> Headers(Message<string?, string> message)
    {
        Dictionary<string, string> headers = [];
        foreach (var header in message.Headers)
            headers[header.Key] = Encoding.UTF8.GetString(header.GetValueBytes() ?? []);
        return headers;
    }

    /// <summary>Formats its folder the first time.</summary>
    IServer Broker(int index)
    {
        const string start = """test -e "$2" || "$0/kafka-storage.sh" format -t MkU3OEVBNTcwNTJENDM2Qg -c "$1" && exec "$0/kafka-server-start.sh" "$1" """;
        string[] ArgumentsWith(string scripts) => ["-c", start, scripts, folder.File($"{index}.properties"), folder.File($"data{index}/meta.properties")];
        var environment = new Dictionary<string, string?>
        {
            ["KAFKA_HEAP_OPTS"] = "-Xmx320m -Xms128m",
            // A short life on a small machine: the quick compiler and the collector without threads of its own.
            ["KAFKA_JVM_PERFORMANCE_OPTS"] = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError",
            ["LOG_DIR"] = folder.File($"logs{index}"),
        };
        return Runtimes.InDocker(Runtime.Kafka)
            ? ServerContainer.AsProgram("kafka", "sh", ArgumentsWith("/opt/kafka/bin"), environment, folder.Path)
            : new ServerProcess($"kafka broker {index + 1}", "sh", ArgumentsWith(Path.Combine(Runtimes.KafkaHome, "bin")), environment, folder.Path);
    }

    async Task StartBroker(IServer broker)
    {
        using var admin = Admin();
        await broker.Start(() => Task.FromResult(admin.GetMetadata(TimeSpan.FromSeconds(2)).Brokers.Count == brokers.Length), TimeSpan.FromSeconds(60));
    }
}
