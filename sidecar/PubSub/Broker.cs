using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Ecom.Sidecar.Storage;
using Microsoft.Data.Sqlite;

namespace Ecom.Sidecar.PubSub;

/// <summary>
/// The durable broker of all sidecars in this process: a log per topic, a cursor per app and
/// topic. An event is published when its commit returned; a cursor moves a moment after the app
/// answered, so a kill in between delivers again (at least once), never not at all.
/// </summary>
sealed class Broker : IAsyncDisposable
{
    // A cursor is what Progress writes down: all below `next` is dealt with, and from there on what the bits of `done` say.
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS topics (id INTEGER PRIMARY KEY, pubsub TEXT NOT NULL, name TEXT NOT NULL, next INTEGER NOT NULL, UNIQUE (pubsub, name));
        CREATE TABLE IF NOT EXISTS messages (topic INTEGER NOT NULL, offset INTEGER NOT NULL, key TEXT, data BLOB NOT NULL, raw INTEGER NOT NULL,
            expires INTEGER, headers TEXT, at INTEGER NOT NULL, PRIMARY KEY (topic, offset)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS cursors (app TEXT NOT NULL, topic INTEGER NOT NULL, next INTEGER NOT NULL, done BLOB NOT NULL,
            active INTEGER NOT NULL, PRIMARY KEY (app, topic)) WITHOUT ROWID;
        """;
    /// <summary>How long an answer of an app may wait to be written down with others.</summary>
    static readonly TimeSpan CursorDelay = TimeSpan.FromMilliseconds(20);
    /// <summary>Removed at once by the purge, so that it holds up no publish.</summary>
    const int Slice = 1_000;

    readonly GroupCommit writer;
    readonly Db reader;
    readonly Lock reading = new();
    readonly ConcurrentDictionary<(string PubSub, string Name), Lazy<Task<Topic>>> topics = new();
    readonly Channel<SubscriptionQueue> moved = Channel.CreateUnbounded<SubscriptionQueue>();
    readonly Task cursorLoop;

    readonly Action<string, string> log;

    public Broker(GroupCommit file, Action<string, string> log)
    {
        (this.log, writer, reader) = (log, file, file.Reader());
        foreach (var topic in reader.Query("""
            SELECT id, pubsub, name, max(next, ifnull((SELECT max(offset) + 1 FROM messages WHERE topic = id), 0)) FROM topics
            """, r => new Topic(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetInt64(3))))
            topics[(topic.PubSub, topic.Name)] = new(Task.FromResult(topic));
        cursorLoop = Task.Run(WriteCursors);
    }

    /// <summary>Nobody blocks a thread here: fifty publishers of a new topic would starve the writer that they wait for.</summary>
    public Task<Topic> Topic(string pubsub, string name) => topics.GetOrAdd((pubsub, name), key => new(() => Create(pubsub, name))).Value;

    async Task<Topic> Create(string pubsub, string name)
    {
        try
        {
            await writer.Write(db => db.Run("INSERT OR IGNORE INTO topics (pubsub, name, next) VALUES ($0, $1, 0)", pubsub, name));
            lock (reading)
                return reader.Query("SELECT id FROM topics WHERE pubsub = $0 AND name = $1", r => new Topic(r.GetInt64(0), pubsub, name, 0), pubsub, name)[0];
        }
        catch
        {
            // The next publisher tries again.
            topics.TryRemove((pubsub, name), out _);
            throw;
        }
    }

    IEnumerable<Topic> Known => topics.Values.Select(t => t.Value).Where(t => t.IsCompletedSuccessfully).Select(t => t.Result);

    public async Task Publish(Topic topic, params Message[] messages)
    {
        var written = new Message[messages.Length];
        await writer.Write(db =>
        {
            var now = DateTimeOffset.UtcNow;
            for (var i = 0; i < messages.Length; i++)
            {
                var m = written[i] = messages[i] with { Offset = topic.NextToWrite++, At = now };
                db.Run("INSERT INTO messages VALUES ($0, $1, $2, $3, $4, $5, $6, $7)", topic.Id, m.Offset, m.Key, m.Data, m.Raw ? 1 : 0,
                    m.Expires?.ToUnixTimeMilliseconds(), m.Headers is null ? null : JsonSerializer.Serialize(m.Headers), now.ToUnixTimeMilliseconds());
            }
        },
        () =>
        {
            topic.Committed = written[^1].Offset + 1;
            lock (topic.Queues)
                foreach (var queue in topic.Queues) queue.Offer(written);
        });
        CrashPoint.Reach("host.published");
    }

    public List<Message> Read(Topic topic, long from, int most)
    {
        lock (reading)
            return reader.Query("SELECT offset, key, data, raw, expires, headers, at FROM messages WHERE topic = $0 AND offset >= $1 ORDER BY offset LIMIT $2",
                ReadMessage, topic.Id, from, most);
    }

    /// <summary>The queue of an app on a topic, going on where it was; a new one begins with the oldest event kept.</summary>
    public async Task<SubscriptionQueue> Open(string app, Topic topic, Subscription subscription, Deliver deliver, int lanes)
    {
        await writer.Write(db => db.Run("INSERT INTO cursors VALUES ($0, $1, 0, x'', 1) ON CONFLICT DO UPDATE SET active = 1", app, topic.Id));
        Progress progress;
        lock (reading)
        {
            progress = reader.Query("SELECT next, done FROM cursors WHERE app = $0 AND topic = $1", r => new Progress(r.GetInt64(0), r.GetFieldValue<byte[]>(1)), app, topic.Id)[0];
            // What was purged before it came, or while it was away, is not its to count.
            progress.SkipTo(reader.Query("SELECT ifnull(min(offset), $1) FROM messages WHERE topic = $0", r => r.GetInt64(0), topic.Id, topic.Committed)[0]);
        }
        var queue = new SubscriptionQueue(this, app, topic, deliver, lanes, progress) { Subscription = subscription };
        lock (topic.Queues) topic.Queues.Add(queue);
        queue.Start();
        return queue;
    }

    /// <summary>The app no longer wants the topic: its cursor stays, but holds nothing back from the purge.</summary>
    public async Task Close(SubscriptionQueue queue)
    {
        lock (queue.Topic.Queues) queue.Topic.Queues.Remove(queue);
        await queue.DisposeAsync();
        await writer.Write(db => db.Run("UPDATE cursors SET active = 0 WHERE app = $0 AND topic = $1", queue.App, queue.Topic.Id));
    }

    public void Complain(string app, string line) => log(app, line);

    public void Moved(SubscriptionQueue queue) => moved.Writer.TryWrite(queue);

    async Task WriteCursors()
    {
        while (await moved.Reader.WaitToReadAsync())
        {
            await Task.WhenAny(Task.Delay(CursorDelay), moved.Reader.Completion);
            var dirty = new HashSet<SubscriptionQueue>();
            while (moved.Reader.TryRead(out var queue)) dirty.Add(queue);
            try { await writer.Write(db => WriteCursors(db, dirty)); }
            catch (Exception e)
            {
                // Nothing is lost: at worst these events come again. Said, and written with the next ones.
                foreach (var queue in dirty) log(queue.App, $"{queue.Topic.Name}: what was delivered cannot be written down: {e.Message}");
            }
        }
    }

    static void WriteCursors(Db db, HashSet<SubscriptionQueue> dirty)
    {
        foreach (var queue in dirty)
        {
            var (floor, bits) = queue.Cursor();
            db.Run("UPDATE cursors SET next = $2, done = $3 WHERE app = $0 AND topic = $1", queue.App, queue.Topic.Id, floor, bits);
        }
        CrashPoint.Reach("host.moved");
    }

    /// <summary>Removes events older than the age that every subscriber has behind it, a slice at a time.</summary>
    public async Task Purge(string pubsub, TimeSpan age)
    {
        var before = (DateTimeOffset.UtcNow - age).ToUnixTimeMilliseconds();
        foreach (var topic in Known.Where(t => t.PubSub == pubsub))
        {
            int removed = Slice;
            while (removed == Slice)
                await writer.Write(db =>
                {
                    db.Run("UPDATE topics SET next = $1 WHERE id = $0", topic.Id, topic.NextToWrite);
                    removed = db.Run("""
                        DELETE FROM messages WHERE topic = $0 AND offset IN (
                            SELECT offset FROM (SELECT offset, at FROM messages WHERE topic = $0 ORDER BY offset LIMIT $2)
                            WHERE at < $1 AND offset < (SELECT ifnull(min(next), 9223372036854775807) FROM cursors WHERE topic = $0 AND active = 1))
                        """, topic.Id, before, Slice);
                });
        }
    }

    static Message ReadMessage(SqliteDataReader r) => new(
        r.IsDBNull(1) ? null : r.GetString(1), r.GetFieldValue<byte[]>(2), r.GetInt64(3) != 0,
        r.IsDBNull(4) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(4)),
        r.IsDBNull(5) ? null : JsonSerializer.Deserialize<Dictionary<string, string>>(r.GetString(5)))
    { Offset = r.GetInt64(0), At = DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(6)) };

    public async ValueTask DisposeAsync()
    {
        foreach (var queue in Known.SelectMany(t => t.Queues).ToList()) await queue.DisposeAsync();
        moved.Writer.TryComplete();
        await cursorLoop;
        reader.Dispose();
    }
}
