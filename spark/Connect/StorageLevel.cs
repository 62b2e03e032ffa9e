namespace Ecom.Spark.Connect;

/// <summary>Where a table that is kept lies: see <see cref="DataFrame.Persist(StorageLevel)"/>.</summary>
/// <param name="UseDisk">On the executors' disks, as far as it does not fit elsewhere.</param>
/// <param name="UseMemory">In the executors' memory.</param>
/// <param name="UseOffHeap">In memory outside of the heap.</param>
/// <param name="Deserialized">As objects, not as bytes.</param>
/// <param name="Replication">On how many executors.</param>
public sealed record StorageLevel(bool UseDisk, bool UseMemory, bool UseOffHeap, bool Deserialized, int Replication = 1)
{
#pragma warning disable CA1707 // the names are Spark's
    /// <summary>Nowhere.</summary>
    public static StorageLevel NONE { get; } = new(false, false, false, false);
    /// <summary>On disk.</summary>
    public static StorageLevel DISK_ONLY { get; } = new(true, false, false, false);
    /// <summary>In memory; what does not fit is computed anew.</summary>
    public static StorageLevel MEMORY_ONLY { get; } = new(false, true, false, true);
    /// <summary>In memory; what does not fit, on disk. The default.</summary>
    public static StorageLevel MEMORY_AND_DISK { get; } = new(true, true, false, true);
#pragma warning restore CA1707
}
