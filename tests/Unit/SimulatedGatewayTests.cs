using Ecom.Contracts;
using Ecom.Payments;

namespace Ecom.Tests.Unit;

public sealed class SimulatedGatewayTests
{
    [Fact]
    public async Task The_same_order_has_the_same_outcome_in_every_run()
    {
        string[] orders = [.. Enumerable.Range(0, 200).Select(i => $"ORD-{i:D26}")];

        var first = await Task.WhenAll(orders.Select(id => new SimulatedGateway(0.8).Charge(id, 1, null, default)));
        var second = await Task.WhenAll(orders.Select(id => new SimulatedGateway(0.8).Charge(id, 1, null, default)));

        second.ShouldBe(first);
        first.Count(a => a is Answer.Approved).ShouldBeInRange(140, 180);
    }

    [Theory]
    [InlineData(PaymentTokens.Success, null)]
    [InlineData(PaymentTokens.InsufficientFunds, "insufficient_funds")]
    [InlineData(PaymentTokens.CardDeclined, "card_declined")]
    [InlineData(PaymentTokens.ExpiredCard, "expired_card")]
    public async Task A_token_forces_the_outcome(string token, string? reason)
    {
        var answer = await new SimulatedGateway(0.5).Charge("ORD-1", 1, token, default);

        (answer as Answer.Declined)?.Reason.ShouldBe(reason);
        (answer is Answer.Approved).ShouldBe(reason is null);
    }

    [Fact]
    public async Task The_time_out_token_never_answers()
    {
        (await new SimulatedGateway(1).Charge("ORD-1", 1, PaymentTokens.Timeout, default)).ShouldBeOfType<Answer.None>();
    }
}
