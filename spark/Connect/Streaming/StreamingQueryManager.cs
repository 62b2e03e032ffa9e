using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>The streams of a session.</summary>
public sealed class StreamingQueryManager
{
    readonly SparkClient client;

    internal StreamingQueryManager(SparkClient client) => this.client = client;

    /// <summary>The streams that run.</summary>
    public IReadOnlyList<StreamingQuery> Active() =>
        [.. Ask(new() { Active = true }).Active?.ActiveQueries.Select(query => new StreamingQuery(client, query.Id, query.Name)) ?? []];

    /// <summary>A stream that runs, by its id; null when there is none.</summary>
    public StreamingQuery? Get(string id) =>
        Ask(new() { GetQuery = id }).Query is { Id: { } found } query ? new StreamingQuery(client, found, query.Name) : null;

    /// <summary>Waits until any stream ends; throws what made it fail. False when the time is over.</summary>
    public bool AwaitAnyTermination(TimeSpan timeout) =>
        Ask(new() { AwaitAnyTermination = new() { TimeoutMs = Math.Max(1, (long)timeout.TotalMilliseconds) } }).AwaitAnyTermination.Terminated;

    /// <summary>Forgets streams that ended, so that <see cref="AwaitAnyTermination"/> waits for the next.</summary>
    public void ResetTerminated() => Ask(new() { ResetTerminated = true });

    StreamingQueryManagerCommandResult Ask(StreamingQueryManagerCommand command) =>
        client.ExecuteCommand(new() { StreamingQueryManagerCommand = command })?.StreamingQueryManagerCommandResult ?? new();
}
