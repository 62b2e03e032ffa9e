using System.Buffers;
using System.Net;
using Ecom.Sidecar.Api;
using Ecom.Sidecar.Config;
using Ecom.Sidecar.Processes;
using Ecom.Sidecar.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using MimeKit;
using SmtpServer;
using SmtpServer.Authentication;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace Ecom.Sidecar.Mail;

/// <summary>Where mails are caught; both ports on this machine only.</summary>
public sealed record MailServerOptions(string Folder, int SmtpPort, int PagePort, TimeZoneInfo TimeZone);

/// <summary>An SMTP server that keeps what it is given and shows it: for daprd's binding, where the embedded host's own has no part.</summary>
public sealed class MailServer : IAsyncDisposable
{
    const int MostBytes = 8 << 20;
    static readonly TimeSpan Housekeeping = TimeSpan.FromMinutes(1);

    readonly CancellationTokenSource stop = new();
    readonly WebApplication web;
    readonly Task running;

    MailServer(MailServerOptions options, MailBox box, WebApplication web)
    {
        (Box, this.web) = (box, web);
        var pages = new MailPages(Box, options.TimeZone);
        web.Run(pages.Answer);
        var services = new SmtpServer.ComponentModel.ServiceProvider();
        services.Add(new Store(Box));
        // Whoever has a name and a password may use them; nobody's are wrong here.
        services.Add(new DelegatingUserAuthenticator((_, _) => true));
        var smtp = new SmtpServer.SmtpServer(new SmtpServerOptionsBuilder().ServerName("ecom").MaxMessageSize(MostBytes, MaxMessageSizeHandling.Strict)
            .Endpoint(endpoint => endpoint.Endpoint(new IPEndPoint(IPAddress.Loopback, options.SmtpPort)).AllowUnsecureAuthentication()).Build(), services);
        running = Task.WhenAll(smtp.StartAsync(stop.Token), KeepHouse());
    }

    public MailBox Box { get; }

    /// <summary>Ends with the server, or with what went wrong.</summary>
    public Task Running => running;

    /// <exception cref="SetupException">A port is taken, or the folder cannot be used.</exception>
    public static async Task<MailServer> Start(MailServerOptions options)
    {
        foreach (var (port, what) in new[] { (options.SmtpPort, "SMTP"), (options.PagePort, "the mail page") })
            if (!Ports.IsFree(port)) throw new SetupException($"the port {port} for {what} is taken{PortHolder.By(port)}; stop that program or change the port");
        MailBox box;
        try
        {
            Directory.CreateDirectory(options.Folder);
            box = new(Path.Combine(options.Folder, "mail.db"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException) { throw new SetupException($"{options.Folder}: cannot be written: {e.Message}", e); }
        await EarlierFiles.TakeOverMails(options.Folder, box);
        var builder = Server.Builder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.PagePort));
        var server = new MailServer(options, box, builder.Build());
        try
        {
            await server.web.StartAsync();
            return server;
        }
        catch (IOException e)
        {
            await server.DisposeAsync();
            throw new SetupException(e.Message, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await web.StopAsync();
        await web.DisposeAsync();
        await Box.DisposeAsync();
        stop.Dispose();
    }

    async Task KeepHouse()
    {
        using var timer = new PeriodicTimer(Housekeeping);
        while (await timer.WaitForNextTickAsync(stop.Token))
            try { await Box.Purge(DateTimeOffset.UtcNow); }
            catch (SqliteException) { /* tried again in a minute */ }
    }

    sealed class Store(MailBox box) : MessageStore
    {
        public override async Task<SmtpResponse> SaveAsync(ISessionContext context, IMessageTransaction transaction, ReadOnlySequence<byte> buffer, CancellationToken cancellationToken)
        {
            using var bytes = new MemoryStream(buffer.ToArray());
            await box.Add(await MimeMessage.LoadAsync(bytes, cancellationToken));
            return SmtpResponse.Ok;
        }
    }
}
