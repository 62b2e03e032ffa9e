namespace Ecom.Spark.Jobs;

/// <summary>Where Spark keeps what a stream remembers between two batches.</summary>
public enum StateStore
{
    /// <summary>In the heap of whoever runs its tasks: the quickest while it fits.</summary>
    Memory,

    /// <summary>In RocksDB, on the disk of whoever runs its tasks: for more state than memory.</summary>
    RocksDb,
}

/// <summary>How one stream runs.</summary>
/// <param name="Interval">How often a batch is taken; null: over what is there, then the end.</param>
/// <param name="Partitions">Into how many parts its state is cut; a checkpoint is bound to it.</param>
/// <param name="Store">Where its state lies; a checkpoint is bound to it.</param>
/// <param name="Rate">The most records of a batch.</param>
public sealed record StreamSettings(
    TimeSpan? Interval,
    int Partitions = StreamSettings.DefaultPartitions,
    StateStore Store = StateStore.Memory,
    int Rate = StreamSettings.DefaultRate)
{
    // As many as a topic of the shop has partitions would be three; two are quicker on the two cores of a small machine.
    public const int DefaultPartitions = 2;

    // Each is a task and a folder of state per batch; more is a slip of the finger.
    public const int MostPartitions = 1000;

    // A batch that a small machine finishes in seconds, however much waits in Kafka.
    public const int DefaultRate = 100_000;

    /// <summary>Spark's class for <see cref="Store"/>.</summary>
    public string StoreClass => "org.apache.spark.sql.execution.streaming.state." + (Store == StateStore.RocksDb ? "RocksDBStateStoreProvider" : "HDFSBackedStateStoreProvider");
}
