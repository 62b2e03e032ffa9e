namespace Ecom.Carts;

/// <summary>A replica has changed this cart, or is about to, and may owe something of it.</summary>
public sealed record DueEntry(string UserId, string By, DateTimeOffset At);

public sealed record DueDocument(IReadOnlyList<DueEntry> Entries);

/// <param name="Alone">No other replica had the cart on the list, so all that it owed when this began is paid (but for what this process owes itself).</param>
/// <param name="TookOver">The entry of a dead replica was replaced by ours: what it owed is ours to find out.</param>
public readonly record struct Entered(bool Alone, bool TookOver);

/// <summary>
/// The carts that may owe something, so that they are found when their replica dies: the state store cannot be searched.
/// A few documents, each cart in one of them; who wants to write while a write is under way shares the next one.
/// </summary>
public sealed class DueList
{
    /// <summary>An entry that was not renewed for so long is a dead replica's.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);
    const int Parts = 8;
    readonly DuePart[] parts;

    public DueList(Documents documents, TimeProvider clock)
    {
        var me = Guid.CreateVersion7().ToString("N")[^12..];
        parts = [.. Enumerable.Range(0, Parts).Select(i => new DuePart($"due:{i}", me, documents, clock))];
    }

    /// <summary>Puts a cart on the list; it is there when this ends.</summary>
    public Task<Entered> Enter(string userId) => PartOf(userId).Enter(userId);

    /// <summary>Takes a cart off, with the next write.</summary>
    public void Leave(string userId) => PartOf(userId).Leave(userId);

    public Task Flush() => Task.WhenAll(parts.Select(part => part.Flush()));

    public async Task<IReadOnlyList<string>> Silent() => [.. (await Task.WhenAll(parts.Select(part => part.Silent()))).SelectMany(users => users)];

    // The same in every process, which string.GetHashCode is not.
    DuePart PartOf(string userId) => parts[userId.Sum(letter => letter) % Parts];
}
