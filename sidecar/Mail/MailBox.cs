using System.Globalization;
using Ecom.Sidecar.Storage;
using Microsoft.Data.Sqlite;
using MimeKit;

namespace Ecom.Sidecar.Mail;

/// <summary>What a list needs to know of a mail.</summary>
public sealed record MailSummary(string Id, string Subject, IReadOnlyList<string> To, DateTimeOffset Date);

/// <summary>The caught mails, a row each. A development host's: old ones go by themselves.</summary>
public sealed class MailBox : IAsyncDisposable
{
    public const int Most = 5_000;
    public static readonly TimeSpan Age = TimeSpan.FromDays(7);

    internal const string Schema = """
        CREATE TABLE IF NOT EXISTS mails (id TEXT PRIMARY KEY, subject TEXT NOT NULL, recipients TEXT NOT NULL, date INTEGER NOT NULL, message BLOB NOT NULL);
        CREATE INDEX IF NOT EXISTS mails_listed ON mails (id, subject, recipients, date);
        """;

    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    readonly GroupCommit writer;
    readonly GroupCommit? ownFile;
    readonly Db reader;
    readonly Lock reading = new(), naming = new();
    readonly int most;
    DateTimeOffset latest;

    /// <param name="file">Made when it is not there; its folder must be.</param>
    /// <param name="most">Kept; older ones are removed.</param>
    public MailBox(string file, int most = Most) : this(new GroupCommit(file, _ => { }, Schema), most, isOwn: true)
    {
    }

    internal MailBox(GroupCommit file, int most = Most, bool isOwn = false) => (writer, ownFile, reader, this.most) = (file, isOwn ? file : null, file.Reader(), most);

    /// <summary>A mail is there whole or not at all, whenever the process is killed.</summary>
    public async Task<string> Add(MimeMessage message)
    {
        var id = NextId();
        await Keep(id, message);
        return id;
    }

    /// <summary>A mail whose id is there already is the same mail.</summary>
    internal Task Keep(string id, MimeMessage message)
    {
        using var bytes = new MemoryStream(4096);
        message.WriteTo(bytes);
        var (to, whole) = (string.Join('\n', message.To.Mailboxes.Select(mailbox => mailbox.Address)), bytes.ToArray());
        // The first 48 bits of a version 7 UUID are its milliseconds.
        var date = message.Date == default ? long.Parse(id.AsSpan(0, 12), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : message.Date.ToUnixTimeMilliseconds();
        return writer.Write(db => db.Run("INSERT OR IGNORE INTO mails VALUES ($0, $1, $2, $3, $4)", id, message.Subject ?? "", to, date, whole));
    }

    /// <returns>How many there are, and a page of them, newest first.</returns>
    public (int Total, IReadOnlyList<MailSummary> Page) List(int offset, int limit, string? subject = null)
    {
        lock (reading)
            return (
                reader.Query("SELECT count(*) FROM mails WHERE $0 IS NULL OR subject = $0", row => row.GetInt32(0), subject)[0],
                reader.Query("SELECT id, subject, recipients, date FROM mails WHERE $0 IS NULL OR subject = $0 ORDER BY id DESC LIMIT $1 OFFSET $2", Summary, subject, limit, offset));
    }

    /// <returns>Null when there is none.</returns>
    public MimeMessage? Open(string id)
    {
        List<byte[]> found;
        lock (reading)
            found = reader.Query("SELECT message FROM mails WHERE id = $0", row => row.GetFieldValue<byte[]>(0), id);
        return found is [var bytes] ? MimeMessage.Load(new MemoryStream(bytes)) : null;
    }

    public async Task<bool> Remove(string id)
    {
        var removed = 0;
        await writer.Write(db => removed = db.Run("DELETE FROM mails WHERE id = $0", id));
        return removed > 0;
    }

    public Task RemoveAll() => writer.Write(db => db.Run("DELETE FROM mails"));

    /// <summary>Removes what is too old, and the oldest of what is too many.</summary>
    public Task Purge(DateTimeOffset now) => writer.Write(db =>
    {
        db.Run("DELETE FROM mails WHERE id < $0", $"{(now - Age).ToUnixTimeMilliseconds():x12}");
        db.Run("DELETE FROM mails WHERE id IN (SELECT id FROM mails ORDER BY id DESC LIMIT -1 OFFSET $0)", most);
    });

    public async ValueTask DisposeAsync()
    {
        if (ownFile is not null) await ownFile.DisposeAsync();
        reader.Dispose();
    }

    /// <summary>The names sort by time, and no two have the same millisecond.</summary>
    string NextId()
    {
        lock (naming)
        {
            latest = DateTimeOffset.UtcNow is var now && now > latest + Tick ? now : latest + Tick;
            return Guid.CreateVersion7(latest).ToString("N");
        }
    }

    static MailSummary Summary(SqliteDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.GetString(2).Split('\n', StringSplitOptions.RemoveEmptyEntries), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)));
}
