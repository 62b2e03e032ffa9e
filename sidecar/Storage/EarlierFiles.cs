using Ecom.Sidecar.Config;
using Ecom.Sidecar.Mail;
using Microsoft.Data.Sqlite;
using MimeKit;

namespace Ecom.Sidecar.Storage;

/// <summary>A data folder of a release that kept events, carts, mails and workflows each in files of their own: what lies there is taken over, once.</summary>
static class EarlierFiles
{
    /// <param name="file">Has their tables, and nobody uses it yet.</param>
    /// <exception cref="SetupException">One of them cannot be read, or the file has been in use already.</exception>
    public static async Task TakeOver(string folder, string file, MailBox mails)
    {
        foreach (var earlier in Directory.GetFiles(folder, "*.workflows.db").Concat(((string[])["broker.db", "state.db"]).Select(name => Path.Combine(folder, name)).Where(File.Exists)))
            try
            {
                Copy(earlier, file);
                // Killed here, the next start finds copied what it copies again.
                foreach (var part in (string[])["", "-wal", "-shm"]) File.Delete(earlier + part);
            }
            catch (SqliteException e) when (GroupCommit.IsAway(e))
            {
                throw new SetupException($"{earlier}: cannot be taken over into {file}: {e.Message}", e);
            }
            catch (SqliteException e)
            {
                throw new SetupException($"{earlier}: is of an earlier release and cannot be taken over; move it away to begin without it. {e.Message}", e);
            }
        await TakeOverMails(Path.Combine(folder, "mail"), mails);
    }

    /// <summary>Mails keep their ids, so that none comes twice; a file that is none of ours, or no mail, is left alone.</summary>
    public static async Task TakeOverMails(string folder, MailBox mails)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var caught in Directory.GetFiles(folder, "*.eml"))
            if (Path.GetFileNameWithoutExtension(caught) is var id && Guid.TryParseExact(id, "N", out _))
                try
                {
                    using (var message = await MimeMessage.LoadAsync(caught)) await mails.Keep(id, message);
                    File.Delete(caught);
                }
                catch (Exception e) when (e is FormatException or IOException) { /* it stays where it is */ }
        if (Directory.GetFileSystemEntries(folder).Length == 0) Directory.Delete(folder);
    }

    static void Copy(string earlier, string file)
    {
        using var db = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        db.Open();
        Ask("ATTACH $file AS earlier", earlier);
        var tables = Ask("SELECT name FROM earlier.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
        // Numbers of two files mean different things.
        foreach (var table in tables)
            if (Ask($"SELECT 1 FROM main.{table} LIMIT 1").Count > 0 && Ask($"SELECT 1 FROM (SELECT * FROM earlier.{table} EXCEPT SELECT * FROM main.{table}) LIMIT 1").Count > 0)
                throw new SetupException($"{earlier}: is of an earlier release, and {Path.GetFileName(file)} has been in use already; move one of them away");
        Ask("BEGIN IMMEDIATE");
        foreach (var table in tables) Ask($"INSERT OR IGNORE INTO main.{table} SELECT * FROM earlier.{table}");
        Ask("COMMIT");

        List<string> Ask(string sql, string? name = null)
        {
            using var command = db.CreateCommand();
#pragma warning disable CA2100 // Names of this program's own tables.
            command.CommandText = sql;
#pragma warning restore CA2100
            if (name is not null) command.Parameters.AddWithValue("$file", name);
            using var rows = command.ExecuteReader();
            var found = new List<string>();
            while (rows.Read()) found.Add(rows.GetString(0));
            return found;
        }
    }
}
