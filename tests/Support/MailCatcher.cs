using Ecom.Sidecar.Config;
using Ecom.Sidecar.Mail;

namespace Ecom.Tests.Support;

public sealed record ReceivedMail(string From, string[] To, string Subject, string Html, string Text);

/// <summary>The mail server of `ecom mail`, in this process: what it was given is read from its box.</summary>
public sealed class MailCatcher : IAsyncDisposable
{
    const int MostAttempts = 3;
    readonly TempFolder folder = new("mail");
    MailServer? server;

    MailCatcher()
    {
    }

    public string Host => "127.0.0.1";

    public int SmtpPort { get; } = Ports.Free();

    int WebPort { get; } = Ports.Free();

    public static async Task<MailCatcher> Start()
    {
        for (var attempt = 1; ; attempt++)
        {
            var mail = new MailCatcher();
            try
            {
                await mail.StartServer();
                return mail;
            }
            catch (SetupException) when (attempt < MostAttempts)
            {
                // Between the choice of a port and its use somebody else took it.
                await mail.DisposeAsync();
            }
        }
    }

    public async Task StartServer() => server = await MailServer.Start(new(folder.Path, SmtpPort, WebPort, TimeZoneInfo.Utc));

    /// <summary>Hangs up on everybody: until it is started again nobody answers, and then it has what it had taken.</summary>
    public void GoAway() => server!.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<ReceivedMail> Mails() =>
        [.. server!.Box.List(0, int.MaxValue).Page.Reverse().Select(mail => server.Box.Open(mail.Id)).OfType<MimeKit.MimeMessage>().Select(mail => new ReceivedMail(
            mail.From.Mailboxes.First().Address, [.. mail.To.Mailboxes.Select(to => to.Address)], mail.Subject ?? "", mail.HtmlBody ?? "", mail.TextBody ?? ""))];

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        folder.Dispose();
    }
}
