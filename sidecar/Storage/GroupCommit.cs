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
    sealed record Work(Action<Db> Write, Action? Committed, bool IsPatient, TaskCompletionSource Done);

    const int MostInOneCommit = 512;
    static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    readonly Channel<Work> queue = Channel.CreateUnbounded<Work>(new() { SingleReader = true });
    readonly string file;
    readonly Action<string> complain;
    readonly Db db;
    readonly Task loop;

    /// <param name="complain">Hears, once, that what is patient waits for the file.</param>
    public GroupCommit(string file, Action<string> complain, params ReadOnlySpan<string> schemas)
    {
        (this.file, this.complain) = (file, complain);
        db = new Db(file);
        db.Script("PRAGMA journal_mode = WAL");
        foreach (var schema in schemas) db.Script(schema);
        loop = Task.Run(Run);
    }

    /// <summary>A connection of its own to read by.</summary>
    public Db Reader() => new(file);

    /// <summary>The disk is full, or somebody else holds the file: nobody's fault, and it may pass.</summary>
    public static bool IsAway(Exception e) => e is SqliteException
    {
        SqliteErrorCode: SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED or SQLitePCL.raw.SQLITE_NOMEM or SQLitePCL.raw.SQLITE_READONLY
            or SQLitePCL.raw.SQLITE_IOERR or SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_PROTOCOL,
    };

    /// <summary>
    /// Runs the write in the next transaction and returns once it is committed. <paramref name="committed"/> is
    /// called on the writer, in commit order, before the next transaction begins. A write may be
    /// run again (alone) when another one of its transaction failed.
    /// </summary>
    /// <param name="isPatient">While the file cannot be written it waits, and keeps its place among the patient; others are refused.</param>
    public Task Write(Action<Db> write, Action? committed = null, bool isPatient = false)
    {
        var work = new Work(write, committed, isPatient, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!queue.Writer.TryWrite(work)) work.Done.SetException(new ObjectDisposedException(nameof(GroupCommit)));
        return work.Done.Task;
    }

    async Task Run()
    {
        List<Work> batch, waiting = [];
        var isSaid = false;
        while (waiting.Count > 0 || await queue.Reader.WaitToReadAsync())
        {
            (batch, waiting) = (waiting, []);
            // However many wait, those behind them are answered.
            for (var most = batch.Count + MostInOneCommit; batch.Count < most && queue.Reader.TryRead(out var work);) batch.Add(work);
            if (TryCommit(batch) is null)
            {
                isSaid = false;
                continue;
            }
            Exception? why = null;
            foreach (var work in batch)
                if (work.IsPatient && why is not null) waiting.Add(work);
                else if (TryCommit([work]) is not { } error) continue;
                else if (work.IsPatient && IsAway(error)) (why, waiting) = (error, [work]);
                else work.Done.TrySetException(error);
            if (why is null) continue;
            if (!isSaid) complain($"{Path.GetFileName(file)} cannot be written, what cannot be refused waits: {why.Message}");
            isSaid = true;
            if (!queue.Reader.Completion.IsCompleted) await Task.WhenAny(Task.Delay(Again), queue.Reader.Completion);
            else
            {
                // All of them, so that nothing is kept behind what is not.
                foreach (var work in waiting) work.Done.TrySetException(why);
                return;
            }
        }
    }

    Exception? TryCommit(List<Work> batch)
    {
        try
        {
            db.Run("BEGIN IMMEDIATE");
            foreach (var work in batch) work.Write(db);
            CrashPoint.Reach("host.commit");
            db.Run("COMMIT");
            CrashPoint.Reach("host.committed");
        }
        catch (Exception e)
        {
            try { db.Run("ROLLBACK"); } catch (SqliteException) { /* there was no transaction left to undo */ }
            return e;
        }
        foreach (var work in batch)
            try
            {
                work.Committed?.Invoke();
                work.Done.TrySetResult();
            }
            catch (Exception e)
            {
                // It is its caller's to know; those behind it have done nothing wrong.
                work.Done.TrySetException(e);
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
