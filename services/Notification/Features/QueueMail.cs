using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Notifications;

/// <summary>Who sends, who is told of the shop's own troubles, and the clock that mails show.</summary>
public sealed record MailOptions(string From, string Admin, TimeZoneInfo TimeZone)
{
    public string Show(DateTimeOffset time) =>
        FormattableString.Invariant($"{TimeZoneInfo.ConvertTime(time, TimeZone):yyyy-MM-dd HH:mm} ({TimeZone.Id})");
}

/// <summary>A mail is a row, and its status the queue: <see cref="SendMails"/> takes it to the mail binding after the commit.</summary>
public static class QueueMail
{
    public static Outcome Queue<T>(this NotificationDb db, CloudEvent<T> e, string kind, string userId, string recipient, string? orderId, Letter letter, DateTimeOffset now)
    {
        var notification = new Notification
        {
            NotificationId = Guid.CreateVersion7().ToString(),
            EventId = e.Id,
            Kind = kind,
            UserId = userId,
            RecipientEmail = recipient,
            OrderId = orderId,
            Subject = letter.Subject,
            Html = letter.Html,
            Text = letter.Text,
            CreatedAt = now,
            TraceParent = Activity.Current?.Id,
        };
        db.Notifications.Add(notification);
        return Outcome.Done;
    }
}
