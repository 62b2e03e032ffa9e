namespace Ecom.Carts;

/// <summary>The answers to checkouts with an Idempotency-Key, remembered for a day: by whichever replica, and for whichever replica is asked again.</summary>
public sealed class Checkouts(Documents documents)
{
    static readonly TimeSpan TimeToLive = TimeSpan.FromHours(24);

    public async Task<Checkout?> Find(string userId, string idempotencyKey, CancellationToken ct) => (await documents.Load<Checkout>(Key(userId, idempotencyKey), ct)).Value;

    public Task Remember(string userId, Checkout made) => documents.Keep(Key(userId, made.IdempotencyKey!), made, TimeToLive);

    // Neither a user's id nor a key holds a colon.
    static string Key(string userId, string idempotencyKey) => $"checkout:{userId}:{idempotencyKey}";
}
