using Ecom.Contracts;
using Ecom.Tool;

namespace Ecom.Tests.Unit;

public class ShoppersTests
{
    static readonly Visit[] Visits = [.. Shoppers.Stream(1).Take(2000)];

    [Fact]
    public void One_of_each_purpose_comes_first_and_then_most_buy() =>
        (Visits.Take(7).Select(visit => visit.Purpose).Distinct().Count(), Visits.Count(visit => visit.Purpose is Purpose.Buy)).ShouldSatisfyAllConditions(
            seen => seen.Item1.ShouldBe(Enum.GetValues<Purpose>().Length),
            seen => seen.Item2.ShouldBeInRange(1100, 1500));

    [Fact]
    public void The_same_seed_brings_the_same_shoppers() =>
        Shoppers.Stream(7).Take(50).Select(Told).ShouldBe(Shoppers.Stream(7).Take(50).Select(Told));

    [Fact]
    public void Some_customers_come_back_and_others_only_once()
    {
        var visits = Visits.Where(visit => visit.Purpose is Purpose.Buy or Purpose.Leave).CountBy(visit => visit.Customer).ToList();

        visits.Count(customer => customer.Value > 5).ShouldBeGreaterThan(10);
        visits.Count(customer => customer.Value == 1).ShouldBeGreaterThan(100);
    }

    [Fact]
    public void A_splurge_is_an_amount_that_raises_an_alert() =>
        Visits.Where(visit => visit.Purpose is Purpose.Splurge).ShouldAllBe(visit =>
            visit.Lines.Sum(line => line.Quantity * Catalogue.Products.Single(product => product.Id == line.ProductId).Price) > FraudRules.AmountAllowed);

    [Theory]
    [InlineData("--rate 0")]
    [InlineData("--rate many")]
    [InlineData("--minutes 0")]
    [InlineData("--minutes NaN")]
    [InlineData("--minutes 2000")]
    public void What_cannot_be_simulated_is_refused(string call) => Verbs.Root().Parse($"simulate {call}").Errors.ShouldNotBeEmpty();

    static string Told(Visit visit) => $"{visit.Purpose} {visit.Customer} {string.Join(' ', visit.Lines)}";
}
