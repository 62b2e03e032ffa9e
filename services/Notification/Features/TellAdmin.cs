using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Notifications;

/// <summary>Tells the shop's administrator what needs a human.</summary>
public static class TellAdmin
{
    public static Outcome LowStock(CloudEvent<InventoryLow> e, NotificationDb db, MailOptions options, TimeProvider clock)
    {
        var low = e.Data;
        return Tell(e, db, options, clock, Kinds.LowStock, null, show => new Letter($"Low Stock Alert: Product #{low.ProductId}")
            .Paragraph($"{Catalogue.NameOf(low.ProductId)} fell to {low.CurrentStock} on {show(e.Time)}; the threshold is {low.Threshold}."));
    }

    public static Outcome Depleted(CloudEvent<InventoryDepleted> e, NotificationDb db, MailOptions options, TimeProvider clock)
    {
        var depleted = e.Data;
        return Tell(e, db, options, clock, Kinds.Depleted, depleted.OrderId, show => new Letter($"Out of Stock Alert: Product #{depleted.ProductId}")
            .Paragraph($"On {show(e.Time)}, {depleted.Requested} of {Catalogue.NameOf(depleted.ProductId)} were wanted and {depleted.Available} were available.")
            .Paragraph(depleted.OrderId is { } order ? $"Order {order} could not be served." : "No order is concerned."));
    }

    /// <summary>One incident comes as many alerts: in each sliding window it falls into, and again whenever such a window grows.</summary>
    public static async Task<Outcome> Fraud(CloudEvent<FraudDetected> e, NotificationDb db, MailOptions options, TimeProvider clock, CancellationToken ct)
    {
        var fraud = e.Data;
        return !await db.NoteIfNews(fraud, ct) ? Outcome.Done : Tell(e, db, options, clock, Kinds.Fraud, fraud.OrderId, show => new Letter($"Fraud Alert: {fraud.AlertType} #{fraud.UserId}")
            .Paragraph($"Severity: {fraud.Severity}")
            .Paragraph($"Window: {show(fraud.WindowStart)} to {show(fraud.WindowEnd)}")
            .Paragraph($"Details: {fraud.Details}"));
    }

    static Outcome Tell<T>(CloudEvent<T> e, NotificationDb db, MailOptions options, TimeProvider clock, string kind, string? orderId, Func<Func<DateTimeOffset, string>, Letter> write) =>
        db.Queue(e, kind, Notification.Admin, options.Admin, orderId, write(options.Show), clock.GetUtcNow());
}
