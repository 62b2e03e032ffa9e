using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Payments;

/// <summary>What payment-service says of a payment: the same fact with the same id, however often it is asked.</summary>
static class Announcements
{
    /// <summary>Adds what is known to the outbox of the running transaction; nothing while the gateway has not answered.</summary>
    public static void Announce(this PaymentDb db, Payment p)
    {
        var trail = new Trail(p.CorrelationId, p.CausationId);
        switch (p.Status)
        {
            case PaymentStatus.PROCESSED:
                db.Publish(new PaymentProcessed(p.PaymentId, p.OrderId, p.UserId, p.Amount, p.Currency, p.Method), trail, p.SettledAt);
                break;
            case PaymentStatus.FAILED:
                db.Publish(new PaymentFailed(p.OrderId, p.UserId, p.Reason!), trail, p.SettledAt);
                break;
            case PaymentStatus.REFUNDED or PaymentStatus.CANCELLED:
                db.Publish(new PaymentRefunded(p.PaymentId, p.OrderId, p.UserId, p.RefundedAmount ?? 0, p.Reason ?? ""), trail, p.UndoneAt);
                break;
        }
    }
}
