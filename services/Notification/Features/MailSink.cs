using System.Text;
using Dapr;
using Dapr.Client;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Notifications;

/// <summary>
/// Takes queued mails to the mail binding, one after another: daprd's SMTP binding keeps the fields of one request
/// for the next and mixes up requests that run side by side, so every field goes with every call.
/// </summary>
public sealed partial class MailSink(DaprClient dapr, IServiceScopeFactory scopes, MailOptions options, TimeProvider clock, ILogger<MailSink> log) : IOutboxSink
{
    internal const string Topic = "mail.send";

    /// <summary>All failures of the binding have one code; these words tell those that no second attempt can help.</summary>
    static readonly string[] ForGood = ["invalid address", "550 ", "551 ", "553 ", "554 "];

    public bool Takes(string topic) => topic == Topic;

    public async Task<IReadOnlyDictionary<long, string>> Send(IReadOnlyList<OutboxEvent> messages, CancellationToken ct)
    {
        var refused = new Dictionary<long, string>();
        string? away = null;
        foreach (var message in messages)
        {
            // When the mail server is away for one it is away for the rest.
            away ??= await Deliver(message.EventId, ct);
            if (away is not null)
                refused[message.Id] = away;
        }
        return refused;
    }

    /// <returns>Why the mail must be tried again; null: it is sent, or never will be.</returns>
    async Task<string?> Deliver(string notificationId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotificationDb>();
        if (await db.Notifications.FindAsync([notificationId], ct) is not { Status: NotificationStatus.PENDING } mail)
            return null;
        using var logged = log.BeginScope(new Dictionary<string, object?> { ["OrderId"] = mail.OrderId });
        var error = Letter.IsAddress(mail.RecipientEmail) ? await Hand(mail, ct) : "invalid address";
        var isForGood = error is not null && Array.Exists(ForGood, error.Contains);
        await db.InTransaction(() =>
        {
            if (error is null)
                mail.Sent(clock.GetUtcNow());
            else if (isForGood)
                mail.Failed(error);
            else
                mail.Postponed(error);
            return Task.CompletedTask;
        }, ct);
        if (error is null)
            LogSent(mail.Kind, mail.RecipientEmail);
        else
            LogRefused(mail.Kind, mail.RecipientEmail, mail.Attempts, error);
        return isForGood ? null : error;
    }

    async Task<string?> Hand(Notification mail, CancellationToken ct)
    {
        // Raw bytes: over gRPC the binding mails what it gets, and a JSON string would arrive with its quotes and escapes.
        var request = new BindingRequest(Components.Mail, "create")
        {
            Data = Encoding.UTF8.GetBytes(mail.Html),
            Metadata = { ["emailFrom"] = options.From, ["emailTo"] = mail.RecipientEmail, ["subject"] = mail.Subject },
        };
        try
        {
            await dapr.InvokeBindingAsync(request, ct);
            return null;
        }
        catch (DaprException e)
        {
            return Letter.OneLine(e.GetBaseException() is Grpc.Core.RpcException { Status.Detail: { Length: > 0 } detail } ? detail : e.GetBaseException().Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Mail {Kind} sent to {Recipient}")]
    partial void LogSent(string kind, string recipient);

    [LoggerMessage(LogLevel.Warning, "Mail {Kind} to {Recipient} was refused ({Attempts} attempts): {Reason}")]
    partial void LogRefused(string kind, string recipient, int attempts, string reason);
}
