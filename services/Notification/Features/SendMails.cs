using System.Text;
using Dapr;
using Dapr.Client;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Notifications;

/// <summary>
/// Takes pending mails to the mail binding, one after another: daprd's SMTP binding keeps the fields of one request
/// for the next and mixes up requests that run side by side, so every field goes with every call.
/// </summary>
public sealed partial class SendMails(DaprClient dapr, MailOptions options, QueueServices<NotificationDb> services) : RowQueue<NotificationDb>("mails", "notifications", services)
{
    const int MostRows = 50, MostAttempts = 20;
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    protected override async Task<int> SendDue(CancellationToken ct)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotificationDb>();
        var now = Clock.GetUtcNow();
        // Who did not get through goes to the end of the line.
        var due = await db.Notifications.Where(n => n.Status == NotificationStatus.PENDING && (n.RetryAt == null || n.RetryAt <= now))
            .OrderBy(n => n.RetryAt ?? n.CreatedAt).Take(MostRows).ToListAsync(ct);
        foreach (var mail in due)
        {
            if (!Leads)
                break;
            // A mail that is under way is finished and marked at a stop, too: nobody shall get it twice.
            ct.ThrowIfCancellationRequested();
            await Send(mail, db);
        }
        return due.Count < MostRows ? 0 : due.Count;
    }

    public override async Task<QueueState> Look(NotificationDb db, CancellationToken ct) => new(
        await db.Notifications.Where(n => n.Status == NotificationStatus.PENDING).MinAsync(n => (DateTimeOffset?)n.CreatedAt, ct),
        await db.Notifications.CountAsync(n => n.Status == NotificationStatus.FAILED, ct));

    async Task Send(Notification mail, NotificationDb db)
    {
        using var span = Tracing.Follow("mail", mail.TraceParent, System.Diagnostics.ActivityKind.Producer);
        using var logged = Log.BeginScope(new Dictionary<string, object?> { ["OrderId"] = mail.OrderId });
        var (error, refusal) = Letter.IsAddress(mail.RecipientEmail) ? await Hand(mail) : (Refusals.InvalidAddress, Refusal.Never);
        var now = Clock.GetUtcNow();
        // While nothing gets through nobody is to blame; a mail that fails so while others get through is.
        var isBlamed = refusal is not Refusal.Away || HasGotThroughSince(LastTry(mail.RetryAt, mail.Attempts));
        if (error is null)
        {
            GotThrough();
            mail.Sent(now);
        }
        else if (refusal is Refusal.Never || isBlamed && mail.Attempts + 1 >= MostAttempts)
            mail.Failed(error);
        else
            mail.Postponed(error, isBlamed, attempts => now + Wait(attempts));
        using (await db.WritersTurn(CancellationToken.None))
            await db.SaveChangesAsync(CancellationToken.None);
        // A mail server likes to repeat whose mail it refuses.
        var said = error?.Replace(mail.RecipientEmail, "the recipient", StringComparison.OrdinalIgnoreCase);
        if (said is null)
            LogSent(Log, mail.NotificationId, mail.Kind);
        else if (isBlamed)
            LogRefused(Log, mail.NotificationId, mail.Kind, mail.Attempts, said);
        else
            throw new ReceiverAwayException(said);
    }

    async Task<(string? Error, Refusal What)> Hand(Notification mail)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        // Raw bytes: over gRPC the binding mails what it gets, and a JSON string would arrive with its quotes and escapes.
        var request = new BindingRequest(Components.Mail, "create")
        {
            Data = Encoding.UTF8.GetBytes(mail.Html),
            Metadata = { ["emailFrom"] = options.From, ["emailTo"] = mail.RecipientEmail, ["subject"] = mail.Subject },
        };
        try
        {
            CrashPoint.Reach($"{AppIds.Notification}.mail");
            await dapr.InvokeBindingAsync(request, deadline.Token);
            CrashPoint.Reach($"{AppIds.Notification}.mailed");
            return default;
        }
        catch (OperationCanceledException)
        {
            return ("the mail binding does not answer", Refusal.Away);
        }
        catch (DaprException e)
        {
            var error = Letter.OneLine(e.GetBaseException() is Grpc.Core.RpcException { Status.Detail: { Length: > 0 } detail } ? detail : e.GetBaseException().Message);
            return (error, Transient.Is(e) ? Refusal.Away : Refusals.Read(error));
        }
    }

    [LoggerMessage(LogLevel.Information, "Mail {NotificationId} ({Kind}) sent")]
    static partial void LogSent(ILogger log, string notificationId, string kind);

    [LoggerMessage(LogLevel.Warning, "Mail {NotificationId} ({Kind}) was refused ({Attempts} attempts): {Reason}")]
    static partial void LogRefused(ILogger log, string notificationId, string kind, int attempts, string reason);
}
