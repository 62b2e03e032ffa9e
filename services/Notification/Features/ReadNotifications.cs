using Ecom.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Notifications;

public sealed record NotificationResponse(string NotificationId, string EventId, string Kind, string UserId, string RecipientEmail, string? OrderId, string Subject, string Text,
    string Status, int Attempts, string? Error, DateTimeOffset CreatedAt, DateTimeOffset? SentAt);

public sealed record NotificationPage(IReadOnlyList<NotificationResponse> Notifications, int TotalNotifications, int Limit, int Offset);

public static class ReadNotifications
{
    public static Task<Results<Ok<NotificationPage>, ProblemHttpResult>> OfUser(
        [FromRoute(Name = "user_id")] string userId, NotificationDb db, CancellationToken ct, int limit = 20, int offset = 0) =>
        Page(db.Notifications.Where(n => n.UserId == userId), limit, offset, ct);

    /// <summary>Those to the customer: the administrator's are served to nobody.</summary>
    public static Task<Results<Ok<NotificationPage>, ProblemHttpResult>> OfOrder(
        [FromRoute(Name = "order_id")] string orderId, NotificationDb db, CancellationToken ct, int limit = 20, int offset = 0) =>
        Page(db.Notifications.Where(n => n.OrderId == orderId && n.UserId != Notification.Admin), limit, offset, ct);

    static async Task<Results<Ok<NotificationPage>, ProblemHttpResult>> Page(IQueryable<Notification> all, int limit, int offset, CancellationToken ct)
    {
        if (limit is < 1 or > 100 || offset < 0)
            return Problems.Refused("limit must be 1 to 100, offset 0 or more.");
        var page = await all.AsNoTracking().OrderByDescending(n => n.CreatedAt).ThenByDescending(n => n.NotificationId).Skip(offset).Take(limit)
            .Select(n => new NotificationResponse(n.NotificationId, n.EventId, n.Kind, n.UserId, n.RecipientEmail, n.OrderId, n.Subject, n.Text, n.Status.ToString(), n.Attempts, n.Error, n.CreatedAt, n.SentAt))
            .ToListAsync(ct);
        return TypedResults.Ok(new NotificationPage(page, await all.CountAsync(ct), limit, offset));
    }
}
