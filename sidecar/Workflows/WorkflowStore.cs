using System.Runtime.ExceptionServices;
using DurableTask.Protobuf;
using Ecom.Sidecar.Storage;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Ecom.Sidecar.Workflows;

/// <summary>One change of the store. The changes of one call are kept together or not at all.</summary>
abstract record Change(long Key)
{
    public sealed record Begin(long Key, string Id) : Change(Key);

    /// <summary>An event that arrived, or a turn that was run.</summary>
    public sealed record Append(long Key, int Number, IMessage Entry) : Change(Key);

    /// <summary>The instance has ended: its log goes, its last state and its history stay.</summary>
    public sealed record End(long Key, IMessage State, IMessage History) : Change(Key);

    public sealed record Forget(long Key) : Change(Key);
}

/// <summary>The engine's tables: a log per active instance, the last state and the history of ended ones. Changes are kept in the order in which they are handed over.</summary>
sealed class WorkflowStore(GroupCommit writer, ILogger log) : IDisposable
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS instances (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, ended INTEGER, state BLOB);
        CREATE INDEX IF NOT EXISTS instances_ended ON instances (ended) WHERE ended IS NOT NULL;
        CREATE TABLE IF NOT EXISTS log (key INTEGER, number INTEGER, turn INTEGER NOT NULL, entry BLOB NOT NULL, PRIMARY KEY (key, number)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS histories (key INTEGER PRIMARY KEY, events BLOB NOT NULL);
        CREATE TRIGGER IF NOT EXISTS instances_gone AFTER DELETE ON instances BEGIN DELETE FROM histories WHERE key = old.key; END;
        """;

    /// <summary>How long, and how many, ended workflows can be asked for.</summary>
    static readonly TimeSpan Retention = TimeSpan.FromHours(1);
    const int MostEnded = 10_000;
    static readonly TimeSpan RetentionPause = TimeSpan.FromMinutes(1);

    readonly Db reader = writer.Reader();
    readonly Lock reading = new();

    /// <summary>Instances that could not be written, for no fault of the disk. What they do from then on is not kept: at the next start they go on from what is.</summary>
    readonly Dictionary<long, Exception> broken = [];
    DateTime retainedAt = DateTime.UtcNow;

    /// <summary>Hands the changes over at once; the task ends when they are on disk. A disk that is full is waited for.</summary>
    public Task Write(params IReadOnlyList<Change> changes) => writer.Write(db =>
    {
        long[] keys = [.. changes.Select(change => change.Key).Distinct()];
        if (keys.Select(key => broken.GetValueOrDefault(key)).FirstOrDefault(known => known is not null) is { } why)
        {
            // What it would have told others is not kept either, and what they do next would stand behind a gap.
            foreach (var key in keys) broken.TryAdd(key, why);
            ExceptionDispatchInfo.Throw(why);
        }
        try
        {
            foreach (var change in changes) Apply(db, change);
            Retain(db);
        }
        catch (Exception e) when (!GroupCommit.IsAway(e))
        {
            foreach (var key in keys) broken[key] = e;
            log.LogError(e, "The workflows {Keys} cannot be written; they go on from what is kept, at the next start", keys);
            throw;
        }
        CrashPoint.Reach("host.workflow");
    }, isPatient: true);

    /// <summary>The instances that have not ended, each with its log in order.</summary>
    public IEnumerable<(long Key, string Id, IReadOnlyList<IMessage> Log)> ReadActive()
    {
        lock (reading)
            return reader.Query("""
                SELECT i.key, i.id, l.turn, l.entry FROM instances i JOIN log l ON l.key = i.key
                WHERE i.ended IS NULL ORDER BY l.key, l.number
                """,
                row => (Key: row.GetInt64(0), Id: row.GetString(1), Entry: Parse(row.GetBoolean(2), row.GetFieldValue<byte[]>(3))))
                .GroupBy(row => (row.Key, row.Id), row => row.Entry).Select(instance => (instance.Key.Key, instance.Key.Id, (IReadOnlyList<IMessage>)[.. instance]));
    }

    /// <summary>The last state of an ended instance.</summary>
    public WorkflowState? ReadEnded(string id)
    {
        lock (reading)
            return reader.Query("SELECT state FROM instances WHERE id = $0 AND ended IS NOT NULL", row => WorkflowState.Parser.ParseFrom(row.GetFieldValue<byte[]>(0)), id).FirstOrDefault();
    }

    /// <summary>What an ended instance did, with the key to forget it by.</summary>
    public (long Key, IReadOnlyList<HistoryEvent> Events)? ReadHistory(string id)
    {
        lock (reading)
            return reader.Query<(long, IReadOnlyList<HistoryEvent>)?>("SELECT key, events FROM instances LEFT JOIN histories USING (key) WHERE id = $0 AND ended IS NOT NULL",
                row => (row.GetInt64(0), row.IsDBNull(1) ? [] : GetInstanceHistoryResponse.Parser.ParseFrom(row.GetFieldValue<byte[]>(1)).Events), id).FirstOrDefault();
    }

    public List<(long Key, string Id)> ReadIds(long afterKey, int count)
    {
        lock (reading)
            return reader.Query("SELECT key, id FROM instances WHERE key > $0 ORDER BY key LIMIT $1", row => (row.GetInt64(0), row.GetString(1)), afterKey, count);
    }

    public void Dispose() => reader.Dispose();

    static IMessage Parse(bool isTurn, byte[] entry) => isTurn ? TurnRecord.Parser.ParseFrom(entry) : HistoryEvent.Parser.ParseFrom(entry);

    static void Apply(Db db, Change change)
    {
        switch (change)
        {
            case Change.Begin begin:
                db.Run("DELETE FROM instances WHERE id = $0", begin.Id);
                db.Run("INSERT INTO instances (key, id) VALUES ($0, $1)", begin.Key, begin.Id);
                break;
            case Change.Append append:
                db.Run("INSERT INTO log (key, number, turn, entry) VALUES ($0, $1, $2, $3)", append.Key, append.Number, append.Entry is TurnRecord ? 1 : 0, append.Entry.ToByteArray());
                break;
            case Change.End end:
                db.Run("UPDATE instances SET ended = $1, state = $2 WHERE key = $0", end.Key, DateTime.UtcNow.Ticks, end.State.ToByteArray());
                db.Run("INSERT INTO histories (key, events) VALUES ($0, $1)", end.Key, end.History.ToByteArray());
                db.Run("DELETE FROM log WHERE key = $0", end.Key);
                break;
            case Change.Forget forget:
                db.Run("DELETE FROM instances WHERE key = $0", forget.Key);
                db.Run("DELETE FROM log WHERE key = $0", forget.Key);
                break;
        }
    }

    void Retain(Db db)
    {
        if (DateTime.UtcNow - retainedAt < RetentionPause)
            return;
        db.Run("DELETE FROM instances WHERE ended < $0", (DateTime.UtcNow - Retention).Ticks);
        db.Run("DELETE FROM instances WHERE ended < (SELECT ended FROM instances WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT 1 OFFSET $0)", MostEnded);
        retainedAt = DateTime.UtcNow;
    }
}
