using Confluent.Kafka;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark.Support;

/// <summary>A broker as the shop has it, told of a history.</summary>
public static class Broker
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<KafkaCluster> Start(int partitions = 1)
    {
        var kafka = await KafkaCluster.Start();
        await kafka.CreateTopics(partitions, [.. Contracts.Topics.All]);
        return kafka;
    }

    public static void Produce(this KafkaCluster kafka, params IEnumerable<HistoryRecord> records)
    {
        using var producer = new ProducerBuilder<Null, byte[]?>(new ProducerConfig { BootstrapServers = kafka.Brokers, LingerMs = 5 }).Build();
        foreach (var record in records)
            producer.Produce(record.Topic, new Message<Null, byte[]?> { Value = record.Value });
        producer.Flush(Patience);
    }
}
