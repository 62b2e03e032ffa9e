using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// How fast does a product sell? inventory.reserved → analytics.inventory_velocity, one row per product and hour with sales.
/// Windows [start, start + 1 h) of UTC. Late: not newer than the newest event of the batches before − 10 min; dropped.
/// revenue = units × the catalogue's price (the event has none, and no cart takes another); 0 for an unknown product.
/// The rank of the 10 fastest is a query of analytics-service: a stream cannot rank a window that still grows.
/// </summary>
public static class InventoryVelocity
{
    static readonly TimeSpan Reach = TimeSpan.FromHours(1);
    static readonly string WindowLength = $"{Reach.TotalMinutes} minutes";

    public static Job Job { get; } = new(
        "inventory_velocity", Topics.InventoryVelocity, Job.Update, ["product_id", "window_start"],
        "window_start", Reach,
        new Dictionary<string, Fact[]> { [Topics.InventoryReserved] = [Fact.Lines("items")], [Topics.Heartbeat] = [] },
        Transform);

    public static DataFrame Transform(DataFrame events) => events
        .Filter(Col("topic") == Topics.InventoryReserved)
        .Select(Col("event_time"), Explode(Col("data.items")).As("line"))
        .GroupBy(Window(Col("event_time"), WindowLength).As("window"), Col("line.product_id").As("product_id"))
        .Agg(Sum(Col("line.quantity")).As("units_sold"), Count().As(Job.Sequence), Max(Col("event_time")).As(Job.Newest))
        .WithColumn("price", Coalesce(TryElementAt(Prices(), Col("product_id")), Lit(0m)))
        .Select(
            Col("product_id"),
            Col("window.start").As("window_start"),
            Col("window.end").As("window_end"),
            Col("units_sold"),
            Expr($"CAST(least(units_sold * price, {Fact.MaxMoney}) AS DECIMAL(12,2))").As("revenue"),
            Col(Job.Sequence),
            Col(Job.Newest));

    static Column Prices() => Map([.. Catalogue.Products.SelectMany(product => new[] { Lit(product.Id), Lit(product.Price).Cast("decimal(12,2)") })]);
}
