namespace Ecom.Notifications;

public enum NotificationStatus { PENDING, SENT, FAILED }

/// <summary>What a mail is about; one event gives at most one mail of a kind.</summary>
public static class Kinds
{
    public const string Fulfilled = "fulfilled";
    public const string CancelledPayment = "cancelled_payment";
    public const string CancelledStock = "cancelled_stock";
    public const string Cancelled = "cancelled";
    public const string LowStock = "low_stock";
    public const string Depleted = "depleted";
    public const string Fraud = "fraud";

    public static IReadOnlyList<string> All { get; } = [Fulfilled, CancelledPayment, CancelledStock, Cancelled, LowStock, Depleted, Fraud];
}

/// <summary>A mail and how far it got: PENDING until the mail server took it (SENT) or refused it for good (FAILED).</summary>
public sealed class Notification
{
    /// <summary>The administrator: no user can have this id, so no user reads these.</summary>
    public const string Admin = "(admin)";

    public required string NotificationId { get; init; }
    public required string EventId { get; init; }
    public required string Kind { get; init; }
    public required string UserId { get; init; }
    public required string RecipientEmail { get; init; }
    public string? OrderId { get; init; }
    public required string Subject { get; init; }
    public required string Html { get; init; }
    public required string Text { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public NotificationStatus Status { get; private set; }
    public int Attempts { get; private set; }
    public string? Error { get; private set; }
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>The span that queued it: its sending goes on under it.</summary>
    public string? TraceParent { get; init; }
    public DateTimeOffset? SentAt { get; private set; }

    public void Sent(DateTimeOffset now)
    {
        Attempts++;
        (Status, Error, SentAt) = (NotificationStatus.SENT, null, now);
    }

    /// <param name="counts">False: it was not this mail's fault.</param>
    public void Postponed(string reason, bool counts, Func<int, DateTimeOffset> retryAfter)
    {
        Attempts += counts ? 1 : 0;
        (Error, RetryAt) = (reason, retryAfter(Attempts));
    }

    public void Failed(string reason)
    {
        Attempts++;
        (Status, Error) = (NotificationStatus.FAILED, reason);
    }
}
