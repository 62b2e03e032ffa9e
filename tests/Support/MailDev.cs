using System.Text.Json;

namespace Ecom.Tests.Support;

public sealed record ReceivedMail(string From, string[] To, string Subject, string Html, string Text);

/// <summary>The mail catcher that stands in for an SMTP server: what it received is read back over its REST API.</summary>
public sealed class MailDev : IAsyncDisposable
{
    readonly TempFolder folder = new("maildev");
    readonly HttpClient http;
    ChildProcess? server;

    MailDev() => http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{WebPort}/") };

    public string Host => "127.0.0.1";

    public int SmtpPort { get; } = Ports.Free();

    public int WebPort { get; } = Ports.Free();

    public static async Task<MailDev> Start()
    {
        var mail = new MailDev();
        mail.server = ChildProcess.Start(
            "maildev", Runtimes.OnPath("maildev")!, ["--ip", mail.Host, "--smtp", $"{mail.SmtpPort}", "--web", $"{mail.WebPort}", "--mail-directory", mail.folder.Path]);
        await mail.server.WaitUntil(async () => (await mail.http.GetAsync("healthz")).IsSuccessStatusCode, TimeSpan.FromSeconds(30));
        return mail;
    }

    public async Task<IReadOnlyList<ReceivedMail>> Mails()
    {
        using var document = JsonDocument.Parse(await http.GetStreamAsync("email"));
        return [.. document.RootElement.EnumerateArray().Select(Read)];
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (server is not null)
            await server.DisposeAsync();
        folder.Dispose();
    }

    static ReceivedMail Read(JsonElement mail) => new(
        Addresses(mail.GetProperty("from")).First(),
        [.. Addresses(mail.GetProperty("to"))],
        mail.GetProperty("subject").GetString()!,
        mail.TryGetProperty("html", out var html) ? html.ToString() : "",
        mail.TryGetProperty("text", out var text) ? text.ToString() : "");

    static IEnumerable<string> Addresses(JsonElement list) => list.EnumerateArray().Select(a => a.GetProperty("address").GetString()!);
}
