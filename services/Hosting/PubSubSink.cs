using Dapr.Client.Autogen.Grpc.v1;
using Ecom.Contracts;
using Google.Protobuf;

namespace Ecom.Hosting;

/// <summary>
/// Publishes through the sidecar in bulk, one call a topic, with the aggregate's id as the record key of each entry.
/// The SDK's own bulk call has one metadata for all entries, so this is its generated client.
/// </summary>
public sealed class PubSubSink(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient sidecar) : IOutboxSink
{
    public bool Takes(string topic) => Topics.All.Contains(topic);

    public async Task<IReadOnlyDictionary<long, string>> Send(IReadOnlyList<OutboxEvent> messages, CancellationToken ct)
    {
        var refused = await Task.WhenAll(messages.GroupBy(m => m.Topic).Select(group => Publish(group.Key, [.. group], ct)));
        return refused.SelectMany(r => r).ToDictionary();
    }

    async Task<IEnumerable<KeyValuePair<long, string>>> Publish(string topic, IReadOnlyList<OutboxEvent> messages, CancellationToken ct)
    {
        var request = new BulkPublishRequest { PubsubName = Components.PubSub, Topic = topic };
        foreach (var message in messages)
            request.Entries.Add(new BulkPublishRequestEntry
            {
                EntryId = message.Id.ToString(System.Globalization.CultureInfo.InvariantCulture),
                Event = ByteString.CopyFromUtf8(message.Payload),
                ContentType = CloudEvent<object>.ContentType,
                Metadata = { ["partitionKey"] = message.Key },
            });
        var answer = await sidecar.BulkPublishEventAsync(request, deadline: DateTime.UtcNow.AddSeconds(30), cancellationToken: ct);
        return answer.FailedEntries.Select(f => KeyValuePair.Create(long.Parse(f.EntryId, System.Globalization.CultureInfo.InvariantCulture), f.Error));
    }
}
