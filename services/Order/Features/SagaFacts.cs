using System.Text.Json;
using Dapr.Workflow;
using Ecom.Contracts;
using Ecom.Hosting;
using Ecom.Orders.Saga;
using Grpc.Core;
using Microsoft.EntityFrameworkCore;

namespace Ecom.Orders;

/// <summary>The saga's deadline, a setting.</summary>
public sealed record SagaOptions(TimeSpan Timeout);

/// <summary>Starts of sagas and facts for them are outbox messages: they leave after the commit, in order, at least once.</summary>
public static class SagaFacts
{
    internal const string StartTopic = "saga.start", FactTopic = "saga.fact";

    public static void Start(this OrderDb db, SagaInput input, DateTimeOffset now) =>
        db.Send(StartTopic, input.OrderId, Ids.NewEvent(), JsonSerializer.Serialize(input, Json.Options), now);

    public static void Raise(this OrderDb db, string orderId, OrderFact fact, DateTimeOffset now) =>
        db.Send(FactTopic, orderId, Ids.NewEvent(), JsonSerializer.Serialize(fact, Json.Options), now);

    /// <summary>Records a fact in its order's row and raises it on the saga, if the order is still open.</summary>
    /// <param name="apply">Changes the order, or says why the fact cannot be true.</param>
    internal static async Task<Outcome> Record<T>(this OrderDb db, CloudEvent<T> e, OrderFact? fact, IServiceProvider services, Func<Order, DateTimeOffset, string?> apply, CancellationToken ct)
        where T : IAboutOrder
    {
        var orderId = e.Data.OrderId!;
        if (await db.Held(orderId, ct) is not { } order)
            return Outcome.Again($"there is no order {orderId}");
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        if (apply(order, now) is { } wrong)
            return Outcome.Never(wrong);
        if (fact is not null && !order.IsEnded)
            db.Raise(orderId, fact, now);
        return Outcome.Done;
    }

    internal static ILogger Log(this IServiceProvider services, Type slice) => services.GetRequiredService<ILoggerFactory>().CreateLogger(slice);
}

/// <summary>Takes starts and facts to the workflow engine; those of one order one after another, orders side by side.</summary>
public sealed class SagaSink(DaprWorkflowClient workflows, IServiceScopeFactory scopes) : IOutboxSink
{
    const int SideBySide = 32;

    public bool Takes(string topic) => topic is SagaFacts.StartTopic or SagaFacts.FactTopic;

    public async Task<IReadOnlyDictionary<long, string>> Send(IReadOnlyList<OutboxEvent> messages, CancellationToken ct)
    {
        var refused = new System.Collections.Concurrent.ConcurrentDictionary<long, string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = ct };
        await Parallel.ForEachAsync(messages.GroupBy(m => m.Key), options, async (order, stop) =>
        {
            foreach (var message in order)
                if (await Deliver(message, stop) is { } reason)
                    refused[message.Id] = reason;
        });
        return refused;
    }

    async Task<string?> Deliver(OutboxEvent message, CancellationToken ct)
    {
        try
        {
            if (message.Topic == SagaFacts.StartTopic)
                await workflows.ScheduleNewWorkflowAsync(nameof(OrderSaga), message.Key, JsonSerializer.Deserialize<SagaInput>(message.Payload, Json.Options), null, ct);
            else
                await workflows.RaiseEventAsync(message.Key, OrderSaga.FactEvent, JsonSerializer.Deserialize<OrderFact>(message.Payload, Json.Options), ct);
            return null;
        }
        // daprd answers every refusal with Unknown; only the text tells that an earlier try has started it.
        catch (RpcException e) when (message.Topic == SagaFacts.StartTopic && e.Status.Detail.Contains("already exists"))
        {
            return null;
        }
        catch (RpcException e) when (!Transient.Is(e))
        {
            return await IsOver(message.Key, ct) ? null : e.Status.Detail;
        }
    }

    /// <summary>A fact for a saga that is gone because its order has ended is nobody's business any more.</summary>
    async Task<bool> IsOver(string orderId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return !await scope.ServiceProvider.GetRequiredService<OrderDb>().Orders.AnyAsync(o => o.OrderId == orderId && o.ClosedAt == null, ct);
    }
}
