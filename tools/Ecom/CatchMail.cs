using System.CommandLine;
using Ecom.Sidecar.Mail;

namespace Ecom.Tool;

/// <summary>A mail server for `dapr run`: it keeps what it is given, and shows it.</summary>
static class CatchMail
{
    public static Command Command()
    {
        var options = new ShopOptions();
        var command = new Command("mail", "Catch mail beside `dapr run` until Ctrl-C: SMTP on SMTP_PORT (1025), the mails on a page (8025).");
        options.AddDataTo(command);
        command.SetAction((parsed, cancel) => Run(options.Read(parsed), cancel));
        return command;
    }

    /// <summary>The zone that mails and pages show, as the services read it; null when there is none of that name.</summary>
    public static TimeZoneInfo? Zone() =>
        TimeZoneInfo.TryFindSystemTimeZoneById(Setting.Text("TZ") ?? "America/Los_Angeles", out var zone) ? zone : null;

    static async Task<int> Run(ShopChoice choice, CancellationToken cancel)
    {
        var zone = Zone() ?? throw new ToolError($"TZ='{Environment.GetEnvironmentVariable("TZ")}' cannot be read: it must be a time zone such as America/Los_Angeles or UTC.");
        // Not the embedded shop's own: two hosts would not know of each other's mails.
        var folder = Path.Combine(choice.DataFolder, "caught");
        var (smtp, page) = (Setting.Number("SMTP_PORT", 1025, 1, 65535, text => $"SMTP_PORT is '{text}', not a port") + choice.PortOffset, Addresses.Read(choice).MailPort);
        await using var server = await MailServer.Start(new(folder, smtp, page, zone));
        Terminal.Line($"SMTP on localhost:{smtp}, the mails: http://localhost:{page}   data: {folder}");
        Terminal.Line($"Ctrl-C stops it");
        try
        {
            await server.Running.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C.
        }
        return Exit.Interrupted;
    }
}
