using Ecom.Hosting;

namespace Ecom.Carts;

/// <summary>One document of the <see cref="DueList"/> and the line of those who want to write it.</summary>
sealed class DuePart(string key, string me, Documents documents, TimeProvider clock)
{
    const int MaxAttempts = 40;
    readonly Lock gate = new();
    Batch next = new();
    bool writing;

    public async Task<Entered> Enter(string userId)
    {
        Batch batch;
        lock (gate)
        {
            batch = next;
            batch.Leaving.Remove(userId);
            batch.Entering.Add(userId);
            StartWriting();
        }
        var others = (await batch.Others.Task)[userId];
        return new(Alone: !others.Any(), TookOver: others.Any(IsSilent));
    }

    public void Leave(string userId)
    {
        lock (gate)
            if (!next.Entering.Contains(userId))
                next.Leaving.Add(userId);
    }

    public async Task Flush()
    {
        Batch batch;
        lock (gate)
        {
            batch = next;
            if (batch.IsEmpty)
                return;
            StartWriting();
        }
        await batch.Others.Task;
    }

    public async Task<IEnumerable<string>> Silent()
    {
        var (document, _) = await documents.Load<DueDocument>(key);
        return document?.Entries.Where(IsSilent).Select(entry => entry.UserId).Distinct() ?? [];
    }

    bool IsSilent(DueEntry entry) => clock.GetUtcNow() - entry.At > DueList.Silence;

    void StartWriting()
    {
        if (writing)
            return;
        writing = true;
        _ = Task.Run(WriteAll);
    }

    async Task WriteAll()
    {
        while (Begin() is { } batch)
            try
            {
                batch.Others.SetResult(await Write(batch));
            }
            catch (Exception e)
            {
                Close(batch);
                batch.Others.SetException(e);
            }
    }

    Batch? Begin()
    {
        lock (gate)
        {
            writing = !next.IsEmpty;
            return writing ? next : null;
        }
    }

    void Close(Batch batch)
    {
        lock (gate)
            if (next == batch)
                next = new();
    }

    /// <summary>Whoever enters a cart takes over the entries of the dead.</summary>
    /// <returns>The other replicas' entries until now, by cart.</returns>
    async Task<ILookup<string, DueEntry>> Write(Batch batch)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var (document, etag) = await documents.Load<DueDocument>(key);
            // Until now others could join: that the document is saved says that it was still as read, so it was read late enough for them, too.
            Close(batch);
            var entries = document?.Entries ?? [];
            var kept = entries.Where(entry => !(entry.By == me ? batch.Names(entry.UserId) : batch.Entering.Contains(entry.UserId) && IsSilent(entry)));
            var entered = batch.Entering.Select(userId => new DueEntry(userId, me, clock.GetUtcNow()));
            if (await documents.TrySave(key, new DueDocument([.. kept, .. entered]), etag))
                return entries.Where(entry => entry.By != me).ToLookup(entry => entry.UserId);
            await Task.Delay(Random.Shared.Next(1, 5 * Math.Min(attempt, 10)));
        }
        throw new AwayException("The carts' store");
    }

    sealed class Batch
    {
        public HashSet<string> Entering { get; } = [];

        public HashSet<string> Leaving { get; } = [];

        public TaskCompletionSource<ILookup<string, DueEntry>> Others { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsEmpty => Entering.Count == 0 && Leaving.Count == 0;

        public bool Names(string userId) => Entering.Contains(userId) || Leaving.Contains(userId);
    }
}
