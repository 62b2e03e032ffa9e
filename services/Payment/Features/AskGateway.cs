using System.Collections.Concurrent;
using Ecom.Contracts;
using Ecom.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Payments;

/// <summary>
/// Asks the gateway what the payments' rows say must be asked: to charge an intent, to give a cancelled order's money back. Many at once, each with
/// a deadline, and a slow answer holds nobody else up. No transaction is open meanwhile; the answers that have come are kept and announced together.
/// </summary>
public sealed partial class AskGateway(IPaymentGateway gateway, Bells bells, QueueServices<PaymentDb> services) : RowQueue<PaymentDb>("gateway", Table, services)
{
    const string Table = "payments";
    const int MostAtOnce = 200;

    /// <summary>A gateway's usual answer is waited for, so that a burst is one transaction; what takes longer comes with a later one.</summary>
    static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<(string OrderId, bool IsVoid), CancellationTokenSource> underWay = new();
    readonly ConcurrentQueue<Reply> replies = new();

    /// <summary>Exactly one of the two is there; neither: the gateway did not answer.</summary>
    sealed record Reply(string OrderId, bool IsVoid, Answer? Charge, decimal? Refunded);

    protected override async Task<int> SendDue(CancellationToken ct)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentDb>();
        var now = Clock.GetUtcNow();
        var room = Math.Max(0, MostAtOnce - underWay.Count);
        string[] charging = Busy(isVoid: false), voiding = Busy(isVoid: true);
        var due = await db.Payments.AsNoTracking().Where(IsOpen).Where(p => p.RetryAt == null || p.RetryAt <= now)
            .Where(p => p.CancelReason == null ? !charging.Contains(p.OrderId) : !voiding.Contains(p.OrderId))
            .OrderBy(p => p.UpdatedAt).Take(room).ToListAsync(ct);
        var asked = due.ConvertAll(payment => Ask(payment, ct));
        await Task.WhenAny(Task.WhenAll(asked), Task.Delay(Usual, Clock, ct));
        var answered = new List<Reply>();
        while (replies.TryDequeue(out var reply))
            answered.Add(reply);
        if (answered.Count > 0)
            await Keep(db, answered, ct);
        // Fewer than there was room for were all; the next intent, and each answer, rings.
        return due.Count == room ? due.Count : 0;
    }

    /// <summary>An intent that the gateway lets wait is the gateway's lag, not ours.</summary>
    public override async Task<QueueState> Look(PaymentDb db, CancellationToken ct) =>
        new(await db.Payments.Where(IsOpen).Where(p => p.Attempts == 0).MinAsync(p => (DateTimeOffset?)p.UpdatedAt, ct), 0);

    static System.Linq.Expressions.Expression<Func<Payment, bool>> IsOpen { get; } =
        p => p.Status == PaymentStatus.PENDING || p.Status == PaymentStatus.PROCESSED && p.CancelReason != null;

    string[] Busy(bool isVoid) => [.. underWay.Keys.Where(call => call.IsVoid == isVoid).Select(call => call.OrderId), .. replies.Where(r => r.IsVoid == isVoid).Select(r => r.OrderId)];

    async Task Ask(Payment payment, CancellationToken ct)
    {
        var call = (payment.OrderId, IsVoid: payment.CancelReason is not null);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Deadline);
        underWay[call] = deadline;
        // Nobody waits any more for the charge of an order that was cancelled.
        if (call.IsVoid)
            GiveUpCharge(payment.OrderId);
        // What follows may be synchronous; the loop goes on all the same.
        await Task.Yield();
        using var span = Tracing.Follow("gateway", payment.TraceParent, System.Diagnostics.ActivityKind.Client);
        var reply = new Reply(payment.OrderId, call.IsVoid, null, null);
        try
        {
            var answer = !call.IsVoid
                ? reply with { Charge = await gateway.Charge(payment.OrderId, payment.Amount, payment.Token, deadline.Token) }
                : reply with { Refunded = await gateway.Void(payment.OrderId, deadline.Token) };
            CrashPoint.Reach($"{AppIds.Payment}.{(call.IsVoid ? "voided" : "charged")}");
            reply = answer;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // A charge may have landed all the same: it is asked about again, by its key.
            LogNoAnswer(Log, payment.OrderId, payment.Attempts + 1, e.GetBaseException().Message);
        }
        if (!ct.IsCancellationRequested)
            replies.Enqueue(reply);
        underWay.TryRemove(call, out _);
        bells.Ring(Table);
    }

    void GiveUpCharge(string orderId)
    {
        try
        {
            if (underWay.TryGetValue((orderId, false), out var charge))
                charge.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It was answered just now.
        }
    }

    /// <summary>What cannot be kept is asked again by its key, and has the same answer.</summary>
    Task Keep(PaymentDb db, List<Reply> answered, CancellationToken ct) => db.InTransaction(async () =>
    {
        await db.Hold([.. answered.Select(r => r.OrderId).Order(StringComparer.Ordinal)], ct);
        foreach (var reply in answered)
            Keep(db, (await db.Held(reply.OrderId, ct))!, reply, Clock.GetUtcNow());
    }, ct);

    void Keep(PaymentDb db, Payment payment, Reply reply, DateTimeOffset now)
    {
        using var span = Tracing.Follow("settle", payment.TraceParent, System.Diagnostics.ActivityKind.Internal);
        if (reply is { Charge: null, Refunded: null })
        {
            if (reply.IsVoid == payment.CancelReason is not null)
                payment.Postpone(Wait(payment.Attempts + 1), now);
            return;
        }
        if (reply.Charge is { } answer ? payment.Settle(answer, now) : payment.Undo(reply.Refunded!.Value, now))
            db.Announce(payment);
        LogAnswered(Log, payment.PaymentId, payment.OrderId, payment.Status, payment.Reason);
    }

    [LoggerMessage(LogLevel.Information, "Payment {PaymentId} of order {OrderId} is {Status} {Reason}")]
    static partial void LogAnswered(ILogger log, string paymentId, string orderId, PaymentStatus status, string? reason);

    [LoggerMessage(LogLevel.Warning, "The gateway has not answered about order {OrderId} ({Attempts} times): {Reason}")]
    static partial void LogNoAnswer(ILogger log, string orderId, int attempts, string reason);
}
