using Ecom.Contracts;

namespace Ecom.Tests.EndToEnd;

/// <summary>The five tables of the embedded shop, held against what lies in its broker.</summary>
[Collection(EmbeddedCollection.Name)]
public class EmbeddedAnalytics(EmbeddedWorld world)
{
    readonly EmbeddedShop shop = world.Shop;

    [Fact]
    public async Task Orders_become_rows_and_odd_ones_alerts_with_one_mail_each()
    {
        var (dear, hasty) = (Customer.NewUser("dear"), Customer.NewUser("hasty"));

        await shop.Customer.WaitFor(await shop.Customer.Order(dear, PaymentTokens.Success, ("PROD-017", 9)), "FULFILLED");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async i => await shop.Customer.WaitFor(await shop.Customer.Order(hasty + i, PaymentTokens.CardDeclined, ("PROD-009", 1)), "CANCELLED")));
        for (var i = 0; i < 3; i++)
            await shop.Customer.WaitFor(await shop.Customer.Order(hasty, PaymentTokens.CardDeclined, ("PROD-009", 1)), "CANCELLED");

        await shop.AnalyticsShouldMatchTheBroker();
        (await Alerts(dear)).ShouldBe([("high_order_value", "HIGH", "an order of 1169.91")]);
        (await Alerts(hasty)).ShouldBe([("multiple_failed_payments", "MEDIUM", "3 failed payments in 5 minutes")]);
        (await Alerts(hasty + 1)).ShouldBeEmpty();
        await shop.Mail($"Fraud Alert: high_order_value #{dear}");
        await shop.Mail($"Fraud Alert: multiple_failed_payments #{hasty}");
    }

    async Task<IEnumerable<(string?, string?, string?)>> Alerts(string user) =>
        (await shop.Rows(AppIds.Analytics, "SELECT DISTINCT alert_type, severity, details FROM fraud_alerts WHERE user_id = $1", user))
            .Select(row => ((string?)row["alert_type"], (string?)row["severity"], (string?)row["details"]));
}
