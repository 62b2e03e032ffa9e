using Ecom.Contracts;

namespace Ecom.Analytics;

/// <summary>How fast does a product sell? Units per hour, and what they cost by the catalogue: the event has no price, and no cart takes another.</summary>
public sealed class VelocityPerProduct() : WindowedComputation<(string Product, DateTimeOffset Start), VelocityPerProduct.Sales>("inventory_velocity", Hour, Topics.InventoryReserved)
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    static readonly Dictionary<string, decimal> Prices = Catalogue.Products.ToDictionary(product => product.Id, product => product.Price);

    public sealed class Sales : Sum
    {
        public long Units { get; set; }
    }

    protected override IEnumerable<(string, DateTimeOffset)> Keys(Fact fact, DateTimeOffset windowStart) => fact.Lines!.Select(line => line.ProductId).Distinct().Select(product => (product, windowStart));

    protected override void Add((string Product, DateTimeOffset Start) key, Sales sum, Fact fact)
    {
        List<StockLine> lines = [.. fact.Lines!.Where(line => line.ProductId == key.Product)];
        sum.Units += lines.Sum(line => line.Quantity);
        sum.Count(fact, lines.Count);
    }

    protected override AnalyticsRow Row((string Product, DateTimeOffset Start) key, Sales sum) => new ProductVelocity
    {
        AsOf = sum.Newest,
        Sequence = sum.Counted,
        ProductId = key.Product,
        WindowStart = key.Start,
        WindowEnd = key.Start + Hour,
        UnitsSold = sum.Units,
        Revenue = AnalyticsRules.Capped(sum.Units * Prices.GetValueOrDefault(key.Product)),
    };
}
