using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;
using Over = Ecom.Spark.Connect.Expressions.Window;

/// <summary>
/// In which hour of a day does a product sell best? order.created → one row per product and hour with orders: units and revenue.
/// Hours of UTC. Late: an order that comes more than an hour after a newer one is dropped from the stream; a batch drops none.
/// </summary>
static class BestHours
{
    public const string Input = "order.created";

    // A part of the event: what is not named here is not read, and may change.
    const string Event = "id STRING, time TIMESTAMP, data STRUCT<items: ARRAY<STRUCT<product_id: STRING, quantity: INT, item_total: DECIMAL(12,2)>>>";

    /// <summary>Kafka's records as one row per line of an order. A record that is no order is left out.</summary>
    public static DataFrame Lines(DataFrame records) => records
        .Select(FromJson(Col("value").Cast("string"), Event).As("event"))
        .Filter("event.id IS NOT NULL AND event.time IS NOT NULL")
        .Select(Col("event.id").As("event_id"), Col("event.time").As("time"), Explode("event.data.items").As("line"));

    /// <summary>Units and revenue of each product and hour. The same for a stream and for a batch.</summary>
    public static DataFrame Hours(DataFrame lines) => lines
        .WithWatermark("time", "1 hour")
        // The shop delivers an event at least once.
        .DropDuplicates("event_id", "time", "line")
        .GroupBy(Window("time", "1 hour").As("hour"), Col("line.product_id").As("product_id"))
        .Agg(Sum("line.quantity").As("units"), Sum("line.item_total").As("revenue"))
        .Select(Col("hour.start").As("hour"), "product_id", "units", "revenue");

    /// <summary>The hour of each day in which a product sold most; of equals the earlier one.</summary>
    public static DataFrame Best(DataFrame hours)
    {
        var day = Over.PartitionBy("product_id", "day").OrderBy(Col("units").Desc(), Col("hour").Asc());
        return hours.WithColumn("day", ToDate("hour")).WithColumn("place", RowNumber().Over(day)).Filter("place = 1").Select("day", "product_id", "hour", "units", "revenue");
    }

    /// <summary>Rows as records: a later row of the same product and hour replaces an earlier one, so that the topic can be compacted.</summary>
    public static DataFrame Records(DataFrame hours) => hours.Select(
        ConcatWs("|", "product_id", Col("hour").Cast("string")).As("key"),
        ToJson(Struct("hour", "product_id", "units", "revenue")).As("value"));
}
