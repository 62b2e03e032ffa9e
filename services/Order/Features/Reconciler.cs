using System.Diagnostics.Metrics;
using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders.Saga;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>
/// Goes by what is owed to an open order, and for how long: a saga that is gone is started again and told what the order's row knows, payment and
/// inventory are asked again what they have not answered, and the saga is told when an answer has been waited for in vain. All of it is safe to
/// repeat. A wait counts only while its answer could come: while this service runs, and who owes the answer is ready.
/// </summary>
public sealed partial class Reconciler(TellSaga saga, DaprWorkflowClient workflows, Parties parties, SagaOptions options, QueueServices<OrderDb> services, Metrics metrics)
    : RowQueue<OrderDb>(Queue, "orders.owed", services)
{
    public const string Queue = "sagas";
    const int Page = 200, SideBySide = 16;

    /// <summary>What is owed for longer is told, loudly.</summary>
    static readonly TimeSpan Overdue = TimeSpan.FromMinutes(1);

    readonly Counter<long> restarted = metrics.FromZero("ecom_sagas_restarted", "Open orders that had no saga, and got a new one");

    sealed record Case(Order Order, bool IsAsked, bool IsTimedOut);

    protected override async Task<int> SendDue(CancellationToken ct)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrderDb>();
        var now = Clock.GetUtcNow();
        var before = now - options.LookEvery;
        var due = await db.Orders.AsNoTracking().Where(o => o.ClosedAt == null && o.LookedAt <= before).OrderBy(o => o.LookedAt).Take(Page).Select(o => o.OrderId).ToArrayAsync(ct);
        if (due.Length == 0)
            return 0;
        var ready = await parties.WhoIsReady(ct);
        List<Case> cases = [];
        await db.InTransaction(async () =>
        {
            foreach (var order in await db.Held(due, ct))
                if (!order.IsEnded && order.LookedAt <= before)
                    cases.Add(LookAt(order, db, ready, now));
        }, ct);
        var sideBySide = new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = ct };
        await Parallel.ForEachAsync(cases.Where(c => c.IsAsked || c.IsTimedOut), sideBySide, Heal);
        return due.Length;
    }

    /// <summary>Open orders are no backlog: they wait for others, and the metrics of <see cref="OwedMetrics"/> tell for what.</summary>
    public override Task<QueueState> Look(OrderDb db, CancellationToken ct) => Task.FromResult(new QueueState(null, 0));

    Case LookAt(Order order, OrderDb db, Owed ready, DateTimeOffset now)
    {
        var owed = order.Owed;
        var couldCome = owed is Owed.PaymentAnswer or Owed.StockAnswer && ready.HasFlag(owed);
        var passed = now - order.LookedAt;
        // A look that comes late (the service was down) counts as one that came in time.
        var waited = couldCome ? TimeSpan.FromTicks(Math.Min(passed.Ticks, 2 * options.LookEvery.Ticks)) : TimeSpan.Zero;
        var (age, sinceAsked) = (now - order.UpdatedAt, now - order.AskedAt);
        var isAsked = sinceAsked >= TimeSpan.FromTicks(Math.Clamp(age.Ticks / 2, options.SoonestAsking.Ticks, options.RarestAsking.Ticks)) || IsInherited(order);
        order.Looked(waited, isAsked, now);
        if (isAsked)
        {
            Ask(order, db, owed & ready);
            if (age > Overdue)
                LogOverdue(Log, order.OrderId, order.Status, owed is Owed.Nothing ? "its saga" : owed.ToString(), (long)age.TotalSeconds);
        }
        return new(order, isAsked, couldCome && order.WaitedMs >= options.Timeout.TotalMilliseconds);
    }

    /// <summary>Its saga has a step to take, and was to be told so by a process that is no more, and perhaps was not.</summary>
    bool IsInherited(Order order) => order.AskedAt < LeadsSince && (order.Owed is Owed.Nothing || order is { CancelRequestedAt: not null, Status: OrderStatus.PENDING or OrderStatus.PAID });

    /// <summary>The same question again, with the same id: who has answered it answers again, and who never heard it answers now.</summary>
    static void Ask(Order order, OrderDb db, Owed owed)
    {
        if (owed.HasFlag(Owed.PaymentAnswer))
            db.Publish(order.Created(), order.Trail(null), order.CreatedAt);
        if (owed.HasFlag(Owed.StockAnswer))
            db.Publish(order.Confirmed(), order.Trail(null), order.ConfirmedAt);
        if ((owed & (Owed.Refund | Owed.Release)) != Owed.Nothing)
            db.Publish(order.Cancelled(), order.Trail(null), order.CancelledAt);
    }

    /// <summary>A saga that lives hears again what the order knows, and passes over what it has heard. One that is gone, or has failed, begins anew.</summary>
    async ValueTask Heal(Case open, CancellationToken stopping)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        deadline.CancelAfter(TellSaga.Deadline);
        var (order, ct) = (open.Order, deadline.Token);
        using var span = Tracing.Follow("reconcile", order.TraceParent, System.Diagnostics.ActivityKind.Internal);
        var state = await workflows.GetWorkflowStateAsync(order.OrderId, false, ct);
        if (state is not { Exists: true, IsWorkflowCompleted: false })
        {
            if (state is { Exists: true })
                await workflows.PurgeInstanceAsync(order.OrderId, ct);
            restarted.Add(1);
            LogRestarted(Log, order.OrderId, order.Status);
            await saga.Start(order.OrderId, ct);
        }
        foreach (var fact in open.IsTimedOut ? [.. Known(order), new OrderFact(OrderFact.TimedOut, null)] : Known(order))
            await saga.Tell(order.OrderId, fact, ct);
    }

    static IEnumerable<OrderFact> Known(Order order)
    {
        // A cancelled order's saga only has the undoing left; its step answers from the row.
        if (order.CancelRequestedAt is not null || order.Status is OrderStatus.CANCELLED)
            yield return new(OrderFact.CancelRequested, null);
        else if (order.PaymentFailure is { } failure)
            yield return new(Topics.PaymentFailed, null, failure);
        else if (order.PaidAmount is not null)
            yield return new(Topics.PaymentProcessed, null);
        if (order.DepletedProductId is { } product)
            yield return new(Topics.InventoryDepleted, null, $"{product} is out of stock", product);
        else if (order.StockReservedAt is not null)
            yield return new(Topics.InventoryReserved, null);
        if (order.RefundedAmount is not null)
            yield return new(Topics.PaymentRefunded, null);
        if (order.StockReleasedAt is not null)
            yield return new(Topics.InventoryReleased, null);
    }

    [LoggerMessage(LogLevel.Warning, "Order {OrderId} is {Status} and has no saga: it gets a new one")]
    static partial void LogRestarted(ILogger log, string orderId, OrderStatus status);

    [LoggerMessage(LogLevel.Warning, "Order {OrderId} is {Status} and has waited for {Owed} for {Seconds} s: asked again")]
    static partial void LogOverdue(ILogger log, string orderId, OrderStatus status, string owed, long seconds);
}
