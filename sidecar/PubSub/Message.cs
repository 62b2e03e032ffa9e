namespace Ecom.Sidecar.PubSub;

/// <summary>
/// A record of a topic. `Raw` bytes were published without an envelope; `Headers` are what its
/// publisher sent along (a dead letter carries its origin there).
/// </summary>
sealed record Message(string? Key, byte[] Data, bool Raw = false, DateTimeOffset? Expires = null, IReadOnlyDictionary<string, string>? Headers = null)
{
    public long Offset { get; init; }
    public DateTimeOffset At { get; init; }
}

/// <summary>A topic of one pubsub component. Offsets are given by the writer, in commit order.</summary>
sealed class Topic(long id, string pubsub, string name, long next)
{
    public long Id => id;
    public string PubSub => pubsub;
    public string Name => name;
    /// <summary>Only the writer touches it, inside its transaction; one that is rolled back leaves a gap.</summary>
    public long NextToWrite { get; set; } = next;
    long committed = next;
    /// <summary>Every offset below it is readable.</summary>
    public long Committed { get => Volatile.Read(ref committed); set => Volatile.Write(ref committed, value); }
    public List<SubscriptionQueue> Queues { get; } = [];
}
