using System.Diagnostics;
using System.Text.Json;
using Dapr;
using Dapr.Client;
using Ecom.Contracts;

namespace Ecom.Carts;

public sealed record CartOptions(TimeSpan TimeToLive);

/// <summary>
/// Carts in the Dapr state store, each one document that is also its own outbox: the save that changes the items also
/// fixes the event in <see cref="Cart.Pending"/>, then the event is published. Who comes next to a cart publishes what may
/// have been left there by a process that died in between (the same id, so a second copy is no second fact), and the save
/// of the next change forgets it. So a change costs three calls (read, save, publish) and none of them tidies up.
/// </summary>
public sealed partial class CartStore(DaprClient dapr, Published published, CartOptions options, TimeProvider clock, ILogger<CartStore> log)
{
    const int MaxAttempts = 40;
    static readonly TimeSpan PublishPatience = TimeSpan.FromSeconds(10);
    static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    readonly Dictionary<string, string> timeToLive = new() { ["ttlInSeconds"] = ((long)Math.Ceiling(options.TimeToLive.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture) };

    static string Key(string userId) => $"cart:{userId}";

    /// <summary>Reading finishes what is pending, but does not depend on the broker.</summary>
    public async Task<Cart> Read(string userId, CancellationToken ct)
    {
        var (cart, _) = await Load(userId, ct);
        await TryPublish(cart);
        return cart;
    }

    /// <summary>An event with its id, time and correlation fixed, to be saved with the change it tells of.</summary>
    public PendingEvent Fix<T>(T fact) where T : IEvent
    {
        var e = Contracts.CloudEvent.New(fact, AppIds.Cart, clock.GetUtcNow(), null, null, Activity.Current?.Id);
        return new(e.Id, T.Topic, JsonSerializer.SerializeToElement(e, Json.Options));
    }

    /// <summary>Changes the cart: <paramref name="decide"/> answers and gives the next cart, or null to leave it; it is asked again when somebody else was faster.</summary>
    /// <param name="untilPublished">Fails when the broker does not have the change's event. It is fixed all the same, and goes out with the next request.</param>
    public async Task<T> Change<T>(string userId, Func<Cart, (Cart? Next, T Answer)> decide, CancellationToken ct, bool untilPublished = false)
    {
        (Cart Cart, T Answer)? tried = null;
        for (var attempt = 1; ; attempt++)
        {
            var (cart, etag) = await Load(userId, ct);
            // The save that seemed to fail was ours and has gone through: deciding again would add the item twice.
            if (tried is { } ours && ours.Cart.Pending.Count > 0 && cart.Pending.Any(e => e.Id == ours.Cart.Pending[0].Id))
                return await Out(ours.Cart, ours.Answer, untilPublished);
            await Publish(cart);
            var (next, answer) = decide(cart);
            if (next is null)
                return answer;
            if (await TrySave(next, etag, ct))
                return await Out(next, answer, untilPublished);
            if (attempt == MaxAttempts)
                throw new TimeoutException($"The cart of {userId} was changed by others at each of {MaxAttempts} attempts.");
            tried = (next, answer);
            await Task.Delay(Random.Shared.Next(2, 5 * Math.Min(attempt, 10)), ct);
        }
    }

    async Task<T> Out<T>(Cart saved, T answer, bool untilPublished)
    {
        if (untilPublished)
            await Publish(saved);
        else
            await TryPublish(saved);
        return answer;
    }

    async Task<(Cart Cart, string ETag)> Load(string userId, CancellationToken ct)
    {
        var (cart, etag) = await dapr.GetStateAndETagAsync<Cart?>(Components.CartStore, Key(userId), cancellationToken: ct);
        return (cart ?? Cart.Empty(userId), etag ?? "");
    }

    async Task<bool> TrySave(Cart cart, string etag, CancellationToken ct)
    {
        try
        {
            return await dapr.TrySaveStateAsync(Components.CartStore, Key(cart.UserId), cart, etag, FirstWrite, timeToLive, ct);
        }
        catch (DaprException) when (etag.Length == 0)
        {
            // Without an ETag Redis and PostgreSQL answer a lost first write as any other error: somebody else's cart tells it apart.
            var (_, now) = await Load(cart.UserId, ct);
            if (now.Length == 0)
                throw;
            return false;
        }
    }

    async Task TryPublish(Cart cart)
    {
        try
        {
            await Publish(cart);
        }
        catch (Exception e) when (e is DaprException or OperationCanceledException)
        {
            LogPending(cart.UserId, e.GetBaseException().Message);
        }
    }

    /// <summary>The customer's going away does not stop it: the change is saved, so its event is due.</summary>
    async Task Publish(Cart cart)
    {
        foreach (var e in cart.Pending.Where(e => !published.Knows(e.Id)))
        {
            using var patience = new CancellationTokenSource(PublishPatience);
            await dapr.PublishByteEventAsync(Components.PubSub, e.Topic, JsonSerializer.SerializeToUtf8Bytes(e.Envelope), Contracts.CloudEvent<object>.ContentType,
                new() { ["partitionKey"] = cart.UserId }, patience.Token);
            published.Add(e.Id);
        }
    }

    [LoggerMessage(LogLevel.Warning, "An event of {UserId}'s cart waits for the next request: {Reason}")]
    partial void LogPending(string userId, string reason);
}
