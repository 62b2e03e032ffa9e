using System.Diagnostics;
using System.Text.Json;
using Ecom.Contracts;
using Ecom.Hosting;

namespace Ecom.Carts;

public sealed record CartOptions(TimeSpan TimeToLive);

/// <summary>The broker is away, and the cart has as many events waiting for it as it can hold.</summary>
public sealed class TooMuchWaitsException(string userId) : Exception($"{Cart.MaxPending} events of {userId}'s cart wait for the message broker.");

/// <summary>What a change came to.</summary>
/// <param name="Out">Ends with true when the broker has all that the cart has to tell, with false when it does not have it for now.</param>
public sealed record Changed<T>(T Answer, Task<bool> Out);

/// <summary>
/// Carts, each one document that is also its own outbox: the save that changes the items also fixes the event about it.
/// A change costs a read and a save; what it has to tell goes out behind it (<see cref="CartOutbox"/>).
/// </summary>
public sealed class CartStore(Documents documents, CartOutbox outbox, CartOptions options, TimeProvider clock)
{
    const int MaxAttempts = 40;

    public async Task<Cart> Read(string userId, CancellationToken ct) => (await Load(userId, ct)).Cart;

    /// <summary>An event with its id, time and correlation fixed, to be saved with the change it tells of.</summary>
    public PendingEvent Fix<T>(T fact) where T : IEvent
    {
        var e = Contracts.CloudEvent.New(fact, AppIds.Cart, clock.GetUtcNow(), null, null, Activity.Current?.Id);
        return new(e.Id, T.Topic, JsonSerializer.SerializeToElement(e, Json.Options));
    }

    public Task<Changed<T>> Change<T>(string userId, Func<Cart, (Cart? Next, T Answer)> decide, CancellationToken ct) =>
        Change(userId, _ => Task.FromResult(true), (cart, _) => decide(cart), ct);

    /// <summary>
    /// Changes the cart: <paramref name="decide"/> answers and gives the next cart, or null to leave it; it is asked again when somebody else was faster.
    /// <paramref name="look"/> finds what it needs to know besides, in the cart as it was read or elsewhere. Once a change is on its way it does not end with its request.
    /// </summary>
    public async Task<Changed<T>> Change<TFound, T>(string userId, Func<Cart, Task<TFound>> look, Func<Cart, TFound, (Cart? Next, T Answer)> decide, CancellationToken ct)
    {
        var (cart, etag) = await Load(userId, ct);
        // Beside the entry on the due list: a customer waits for the longer of the two.
        var found = look(cart);
        var lane = await outbox.Open(cart);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var (next, answer) = decide(lane.WithoutWhatIsDone(cart), await found);
                if (next is null)
                    return new(answer, lane.Send(cart));
                if (next.Pending.Count > Cart.MaxPending)
                    throw new TooMuchWaitsException(userId);
                if (await TrySave(next, etag, lane))
                    return new(answer, lane.Send(next));
                var before = cart;
                (cart, etag) = await Load(userId, CancellationToken.None);
                found = look(cart);
                // The save that seemed to fail has gone through: deciding again would add the item twice.
                if (next.Pending is [.., var told] && !before.Tells(told.Id) && cart.Tells(told.Id))
                    return new(answer, lane.Send(cart));
                if (attempt == MaxAttempts)
                    throw new TimeoutException($"The cart of {userId} was changed by others at each of {MaxAttempts} attempts.");
                await Task.Delay(Random.Shared.Next(2, 5 * Math.Min(attempt, 10)), CancellationToken.None);
            }
        }
        finally
        {
            lane.Leave();
        }
    }

    async Task<(Cart Cart, string ETag)> Load(string userId, CancellationToken ct)
    {
        var (cart, etag) = await documents.Load<Cart>($"cart:{userId}", ct);
        return (cart ?? Cart.Empty(userId), etag);
    }

    async Task<bool> TrySave(Cart cart, string etag, Lane lane)
    {
        try
        {
            return await documents.TrySave($"cart:{cart.UserId}", cart, etag, options.TimeToLive);
        }
        catch (AwayException)
        {
            lane.Doubt();
            throw;
        }
    }
}
