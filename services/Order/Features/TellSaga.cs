using System.Threading.Channels;
using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders.Saga;
using Grpc.Core;

namespace Ecom.Orders;

/// <summary>The saga's deadline for an answer, a setting, and how often open orders are looked at.</summary>
public sealed record SagaOptions(TimeSpan Timeout)
{
    public TimeSpan LookEvery { get; } = TimeSpan.FromMilliseconds(Math.Clamp(Timeout.TotalMilliseconds / 5, 100, 10_000));

    /// <summary>Who is only slow would be made slower by being asked again sooner, while nobody died.</summary>
    public TimeSpan SoonestAsking => 3 * LookEvery;

    /// <summary>Who comes back after long is asked again before the deadline passes, which has only waited for that.</summary>
    public TimeSpan RarestAsking => TimeSpan.FromTicks(Math.Max(SoonestAsking.Ticks, Math.Min(TimeSpan.TicksPerMinute, Timeout.Ticks / 2)));
}

/// <summary>
/// Starts sagas and tells them facts, at once after the commit that recorded them, orders side by side. What is not told because the sidecar
/// is away, or because this process dies, stands in the order's row all the same: <see cref="Reconciler"/> tells it again.
/// </summary>
public sealed class TellSaga(DaprWorkflowClient workflows, ILogger<TellSaga> log) : BackgroundService
{
    const int SideBySide = 16, MostWaiting = 10_000;

    /// <summary>A saga whose call takes longer hears later.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>What is too much in a stampede is left to the reconciler.</summary>
    readonly Channel<(string OrderId, OrderFact? Fact, string? TraceParent)> waiting =
        Channel.CreateBounded<(string, OrderFact?, string?)>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>After the running transaction's commit: the order's saga begins.</summary>
    public void Begin(OrderDb db, Order order) => db.AfterCommit(() => waiting.Writer.TryWrite((order.OrderId, null, order.TraceParent)));

    /// <summary>After the running transaction's commit: the saga hears what the order's row knows. An order that has ended has no saga.</summary>
    public void Hear(OrderDb db, Order order, OrderFact fact)
    {
        if (!order.IsEnded)
            db.AfterCommit(() => waiting.Writer.TryWrite((order.OrderId, fact, order.TraceParent)));
    }

    /// <summary>Tells now. A saga that is not there is started first.</summary>
    public async Task Tell(string orderId, OrderFact fact, CancellationToken ct)
    {
        try
        {
            await workflows.RaiseEventAsync(orderId, OrderSaga.FactEvent, fact, ct);
        }
        // daprd answers every refusal with Unknown; only the text tells that the start is still under way, or was lost.
        catch (RpcException e) when (e.Status.Detail.Contains("no such instance"))
        {
            await Start(orderId, ct);
            await workflows.RaiseEventAsync(orderId, OrderSaga.FactEvent, fact, ct);
        }
    }

    public async Task Start(string orderId, CancellationToken ct)
    {
        try
        {
            await workflows.ScheduleNewWorkflowAsync(nameof(OrderSaga), orderId, new SagaInput(orderId), null, ct);
        }
        catch (RpcException e) when (e.Status.Detail.Contains("already exists"))
        {
            // An earlier try has started it.
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, SideBySide).Select(_ => Work(stoppingToken)));

    async Task Work(CancellationToken stopping)
    {
        while (await waiting.Reader.WaitToReadAsync(stopping).AsTask().ContinueWith(t => t is { IsCompletedSuccessfully: true, Result: true }, TaskScheduler.Default))
            while (waiting.Reader.TryRead(out var next))
                try
                {
                    using var deadline = new CancellationTokenSource(Deadline);
                    using var span = Tracing.Follow(next.Fact?.Name ?? "saga", next.TraceParent, System.Diagnostics.ActivityKind.Producer);
                    CrashPoint.Reach($"{AppIds.Order}.tell");
                    await (next.Fact is { } fact ? Tell(next.OrderId, fact, deadline.Token) : Start(next.OrderId, deadline.Token));
                    CrashPoint.Reach($"{AppIds.Order}.told");
                }
                catch (Exception e)
                {
                    log.LogWarning("The saga of {OrderId} hears of {Fact} later: {Reason}", next.OrderId, next.Fact?.Name ?? "its start", e.GetBaseException().Message);
                }
    }
}
