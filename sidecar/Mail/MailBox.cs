using System.Collections.Concurrent;
using MimeKit;

namespace Ecom.Sidecar.Mail;

/// <summary>What a list needs to know of a mail without opening its file.</summary>
sealed record MailSummary(string Id, string Subject, IReadOnlyList<string> From, IReadOnlyList<string> To, DateTimeOffset Date);

/// <summary>The caught mails: one .eml file each, which any mail program opens.</summary>
sealed class MailBox
{
    readonly string folder;
    readonly ConcurrentDictionary<string, MailSummary> summaries = new();

    public MailBox(string folder)
    {
        this.folder = folder;
        Directory.CreateDirectory(folder);
    }

    /// <summary>A mail is there whole or not at all, whenever the process is killed.</summary>
    public async Task<string> Add(MimeMessage message)
    {
        // Version 7: the names sort by time.
        var id = Guid.CreateVersion7().ToString("N");
        using var memory = new MemoryStream(4096);
        message.WriteTo(memory);
        var draft = Path.Combine(folder, $".{id}");
        await File.WriteAllBytesAsync(draft, memory.ToArray());
        File.Move(draft, FileOf(id));
        summaries[id] = Summarize(id, message);
        return id;
    }

    /// <summary>Oldest first. The first call after a start reads the files, later ones only new names.</summary>
    public IReadOnlyList<MailSummary> List() =>
        [.. Directory.EnumerateFiles(folder, "*.eml").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal).Select(id => Summary(id!)).OfType<MailSummary>()];

    MailSummary? Summary(string id)
    {
        if (summaries.TryGetValue(id, out var known)) return known;
        return Open(id) is { } message ? summaries[id] = Summarize(id, message) : null;
    }

    public MimeMessage? Open(string id)
    {
        if (!IsId(id) || !File.Exists(FileOf(id))) return null;
        try { return MimeMessage.Load(FileOf(id)); }
        catch (Exception e) when (e is FileNotFoundException or FormatException) { return null; }
    }

    public bool Remove(string id)
    {
        if (!IsId(id) || !File.Exists(FileOf(id))) return false;
        File.Delete(FileOf(id));
        summaries.TryRemove(id, out _);
        return true;
    }

    public bool RemoveAll()
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.eml")) File.Delete(file);
        summaries.Clear();
        return true;
    }

    /// <summary>Ids come from URLs: nothing but our own names may become a path.</summary>
    static bool IsId(string id) => Guid.TryParseExact(id, "N", out _);

    string FileOf(string id) => Path.Combine(folder, id + ".eml");

    static MailSummary Summarize(string id, MimeMessage m) => new(id, m.Subject ?? "",
        [.. m.From.Mailboxes.Select(a => a.Address)], [.. m.To.Mailboxes.Select(a => a.Address)], m.Date.ToUniversalTime());
}
