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
        [.. Ask(new() { Active = true }).Now().Active?.ActiveQueries.Select(query => new StreamingQuery(client, query.Id, query.Name)) ?? []];

    /// <summary>A stream that runs, by its id; null when there is none.</summary>
    public StreamingQuery? Get(string id) =>
        Ask(new() { GetQuery = id }).Now().Query is { Id: { } found } query ? new StreamingQuery(client, found, query.Name) : null;

    /// <summary>Waits until any stream ends; throws what made it fail. False when the time is over.</summary>
    public bool AwaitAnyTermination(TimeSpan timeout) =>
        Ask(new() { AwaitAnyTermination = new() { TimeoutMs = Math.Max(1, (long)timeout.TotalMilliseconds) } }).Now().AwaitAnyTermination.Terminated;

    /// <summary>Forgets streams that ended, so that <see cref="AwaitAnyTermination"/> waits for the next.</summary>
    public void ResetTerminated() => Ask(new() { ResetTerminated = true }).Now();

    /// <summary>From now on the listener hears what becomes of the session's streams; returns when it does.</summary>
    public void AddListener(StreamingQueryListener listener) => client.Listeners.Add(listener).Now();

    /// <summary>The listener hears nothing more; one that was not added is no error. Not from within a listener's own method: it would wait for itself.</summary>
    public void RemoveListener(StreamingQueryListener listener) => client.Listeners.Remove(listener).Now();

    async Task<StreamingQueryManagerCommandResult> Ask(StreamingQueryManagerCommand command) =>
        (await client.ExecuteCommand(new() { StreamingQueryManagerCommand = command }).ConfigureAwait(false))?.StreamingQueryManagerCommandResult ?? new();
}
