using System.Collections.Concurrent;

namespace Ecom.Payments.Gateway;

/// <summary>
/// A sandbox that behaves as gateways do on bad days: it may never answer, charge and lose the answer, answer slowly, or charge late. Its
/// <see cref="GatewayBook"/> is the truth about the money.
/// </summary>
public sealed class SimulatedGateway(GatewayBook book, GatewayOptions options, TimeProvider clock) : IPaymentGateway
{
    static readonly TimeSpan SlowAnswer = TimeSpan.FromSeconds(3), LateCharge = TimeSpan.FromSeconds(8);

    /// <summary>What goes wrong goes wrong once: asked again by its key, a charge is answered.</summary>
    readonly ConcurrentDictionary<string, byte> troubled = new();

    public async Task<Answer> Charge(string orderId, decimal amount, string? token, CancellationToken ct)
    {
        var (declined, trouble) = (options.Verdict(orderId, token), options.TroubleOf(orderId, token));
        if (trouble is Trouble.Late && troubled.TryAdd(orderId, 0))
        {
            _ = ChargeLate(orderId, amount, declined);
            await Nothing(ct);
        }
        if (trouble is Trouble.NoAnswer)
            await Nothing(ct);
        if (trouble is Trouble.Slow)
            await Task.Delay(SlowAnswer, clock, ct);
        declined = await book.Enter(orderId, amount, declined, ct);
        if (trouble is Trouble.LostAnswer && troubled.TryAdd(orderId, 0))
            await Nothing(ct);
        return declined is null ? new Answer.Approved() : new Answer.Declined(declined);
    }

    public Task<decimal> Void(string orderId, CancellationToken ct) => book.Void(orderId, ct);

    async Task ChargeLate(string orderId, decimal amount, string? declined)
    {
        await Task.Delay(LateCharge, clock);
        await book.Enter(orderId, amount, declined, CancellationToken.None);
    }

    Task Nothing(CancellationToken ct) => Task.Delay(Timeout.InfiniteTimeSpan, clock, ct);
}
