using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Ecom.Sidecar.Storage;

/// <summary>
/// One writer for one SQLite file. Whatever was asked for while the last transaction ran goes
/// into the next one together, so many small writes cost one commit and none waits for a timer.
/// WAL with synchronous NORMAL: a commit survives the kill of the process at any point (not the
/// loss of power, which a development host may leave to the file system).
/// </summary>
sealed class GroupCommit : IAsyncDisposable
{
    sealed record Work(Action<Db> Write, Action? Committed, TaskCompletionSource Done);

    const int MostInOneCommit = 512;

    readonly Channel<Work> queue = Channel.CreateUnbounded<Work>(new() { SingleReader = true });
    readonly Db db;
    readonly Task loop;

    public GroupCommit(string file, string schema)
    {
        db = new Db(file);
        db.Script("PRAGMA journal_mode = WAL");
        db.Script(schema);
        loop = Task.Run(Run);
    }

    /// <summary>
    /// Runs the write in the next transaction and returns once it is committed. `committed` is
    /// called on the writer, in commit order, before the next transaction begins. A write may be
    /// run again (alone) when another one of its transaction failed.
    /// </summary>
    public Task Write(Action<Db> write, Action? committed = null)
    {
        var work = new Work(write, committed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!queue.Writer.TryWrite(work)) work.Done.SetException(new ObjectDisposedException(nameof(GroupCommit)));
        return work.Done.Task;
    }

    async Task Run()
    {
        var batch = new List<Work>();
        while (await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MostInOneCommit && queue.Reader.TryRead(out var work)) batch.Add(work);
            if (TryCommit(batch) is null) continue;
            foreach (var work in batch)
                if (TryCommit([work]) is { } error) work.Done.TrySetException(error);
        }
    }

    Exception? TryCommit(List<Work> batch)
    {
        try
        {
            db.Run("BEGIN IMMEDIATE");
            foreach (var work in batch) work.Write(db);
            db.Run("COMMIT");
        }
        catch (Exception e)
        {
            try { db.Run("ROLLBACK"); } catch (SqliteException) { /* there was no transaction left to undo */ }
            return e;
        }
        foreach (var work in batch)
        {
            work.Committed?.Invoke();
            work.Done.TrySetResult();
        }
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop;
        db.Dispose();
    }
}
