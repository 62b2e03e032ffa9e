using System.Text.Json;
using Dapr.Client;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Carts;

/// <summary>Something that a saved cart owes the world.</summary>
public sealed class Duty(string id, Func<Task> pay)
{
    TaskCompletionSource<bool> attempt = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => id;

    /// <summary>Whether the attempt that is under way, or comes next, succeeds.</summary>
    public Task<bool> Attempt => attempt.Task;

    public Task Pay() => pay();

    public void Ended(bool paid)
    {
        var ended = attempt;
        if (!paid)
            attempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ended.SetResult(paid);
    }
}

/// <summary>What a cart owes, in the order in which it is due: its events to the broker, then the memory of its checkouts, for only what is out may be answered with 200.</summary>
public sealed class Duties(DaprClient dapr, Checkouts checkouts)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public IEnumerable<Duty> Of(Cart cart) =>
    [
        .. cart.Pending.Select(told => new Duty(told.Id, () => Publish(cart.UserId, told))),
        .. cart.Checkouts.Where(made => made.DutyId is not null).Select(made => new Duty(made.DutyId!, () => checkouts.Remember(cart.UserId, made))),
    ];

    async Task Publish(string userId, PendingEvent told)
    {
        using var patience = new CancellationTokenSource(Patience);
        await dapr.PublishByteEventAsync(Components.PubSub, told.Topic, JsonSerializer.SerializeToUtf8Bytes(told.Envelope), Contracts.CloudEvent<object>.ContentType,
            new() { ["partitionKey"] = userId }, patience.Token);
        CrashPoint.Reach($"{AppIds.Cart}.relayed");
    }
}
