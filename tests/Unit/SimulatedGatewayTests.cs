using Ecom.Contracts;
using Ecom.Payments.Gateway;

namespace Ecom.Tests.Unit;

public sealed class SimulatedGatewayTests
{
    [Fact]
    public void The_same_order_has_the_same_outcome_in_every_run()
    {
        string[] orders = [.. Enumerable.Range(0, 200).Select(i => $"ORD-{i:D26}")];
        var options = new GatewayOptions(0.8, 0);

        var first = orders.Select(id => options.Verdict(id, null)).ToList();

        orders.Select(id => options.Verdict(id, null)).ShouldBe(first);
        first.Count(declined => declined is null).ShouldBeInRange(140, 180);
    }

    [Theory]
    [InlineData(PaymentTokens.Success, null)]
    [InlineData(PaymentTokens.InsufficientFunds, "insufficient_funds")]
    [InlineData(PaymentTokens.CardDeclined, "card_declined")]
    [InlineData(PaymentTokens.ExpiredCard, "expired_card")]
    public void A_token_forces_the_outcome(string token, string? reason) => new GatewayOptions(0.5, 0).Verdict("ORD-1", token).ShouldBe(reason);

    [Theory]
    [InlineData(PaymentTokens.Timeout, Trouble.NoAnswer)]
    [InlineData(PaymentTokens.LostAnswer, Trouble.LostAnswer)]
    [InlineData(PaymentTokens.Slow, Trouble.Slow)]
    [InlineData(PaymentTokens.Success, Trouble.None)]
    public void A_token_forces_the_trouble(string token, Trouble trouble) => new GatewayOptions(1, 1).TroubleOf("ORD-1", token).ShouldBe(trouble);

    [Fact]
    public void The_rate_of_faults_is_the_share_of_calls_that_go_wrong_in_each_way()
    {
        var options = new GatewayOptions(1, 0.6);

        var troubles = Enumerable.Range(0, 500).Select(i => options.TroubleOf($"ORD-{i:D26}", null)).ToList();

        troubles.Count(trouble => trouble is not Trouble.None).ShouldBeInRange(250, 350);
        foreach (var trouble in (Trouble[])[Trouble.LostAnswer, Trouble.Slow, Trouble.Late])
            troubles.Count(t => t == trouble).ShouldBeGreaterThan(60, trouble.ToString());
    }
}
