using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>Kafka as its operator sees it. What is wrong there the exceptions say; librdkafka's own lines would only repeat it.</summary>
static class KafkaAdmin
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static IAdminClient Of(string brokers) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = brokers, SocketTimeoutMs = 10_000 })
        .SetLogHandler((_, _) => { })
        .SetErrorHandler((_, _) => { })
        .Build();

    /// <summary>Deletes up to the end, never the topic: a topic that goes away takes its subscribers' places along.</summary>
    /// <returns>Each topic and how many partitions it has.</returns>
    public static async Task<IReadOnlyList<(string Topic, int Partitions)>> DeleteAllRecords(string brokers)
    {
        using var admin = Of(brokers);
        try
        {
            var ours = admin.GetMetadata(Patience).Topics.Where(topic => Topics.All.Contains(topic.Topic)).OrderBy(topic => topic.Topic, StringComparer.Ordinal).ToList();
            if (ours.Count == 0)
                throw new ToolError($"Kafka {brokers} has none of the shop's topics: run `ecom setup` first");
            await admin.DeleteRecordsAsync(ours.SelectMany(topic => topic.Partitions.Select(partition => new TopicPartitionOffset(topic.Topic, partition.PartitionId, Offset.End))));
            return [.. ours.Select(topic => (topic.Topic, topic.Partitions.Count))];
        }
        catch (DeleteRecordsException broken)
        {
            throw new ToolError($"Kafka {brokers}: {broken.Results.First(result => result.Error.IsError).Error.Reason}");
        }
        catch (KafkaException broken)
        {
            throw new ToolError($"Kafka {brokers}: {broken.Error.Reason}");
        }
    }
}
