using System.Globalization;
using System.Text;
using Ecom.Contracts;
using Ecom.Tests.Support;

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

static class AnalyticsOfTheBroker
{
    sealed record Told(string Topic, string Id, DateTimeOffset Time, byte[] Json)
    {
        public string Minute => Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:00", CultureInfo.InvariantCulture);
    }

    /// <summary>Every event of the broker has become part of the rows, once: nothing is lost or doubled, whatever was killed.</summary>
    public static Task AnalyticsShouldMatchTheBroker(this EmbeddedShop shop) => Eventually.Until(
        async () =>
        {
            var events = await Events(shop);
            (await Rows(shop, "SELECT topic, window_start, value AS n FROM operational_metrics WHERE value > 0")).ShouldBe(
                Lines(events.GroupBy(e => (e.Topic, e.Minute)).Select(group => $"{group.Key.Topic} {group.Key.Minute} {group.Count()}")));
            (await Rows(shop, "SELECT window_start, total_revenue, order_count FROM revenue_metrics")).ShouldBe(
                Lines(events.Where(e => e.Topic == Topics.PaymentProcessed).GroupBy(e => e.Minute).Select(group => $"{group.Key} {Number(group.Sum(e => Parse<PaymentProcessed>(e).Amount))} {group.Count()}")));
            (await Rows(shop, "SELECT product_id, sum(units_sold) AS n FROM inventory_velocity GROUP BY product_id")).ShouldBe(
                Lines(events.Where(e => e.Topic == Topics.InventoryReserved).SelectMany(e => Parse<InventoryReserved>(e).Items).GroupBy(line => line.ProductId).Select(group => $"{group.Key} {group.Sum(line => line.Quantity)}")));
            return true;
        },
        TimeSpan.FromSeconds(30),
        "the tables say what lies in the broker");

    static async Task<IReadOnlyList<Told>> Events(EmbeddedShop shop) =>
    [
        .. (await shop.Rows("broker", "SELECT t.name, m.data FROM messages m JOIN topics t ON t.id = m.topic"))
            .Where(row => FlowRules.Watched.Contains((string)row["name"]!))
            .Select(row => (Topic: (string)row["name"]!, Json: (byte[])row["data"]!))
            .Select(record => (record, Envelope: System.Text.Json.Nodes.JsonNode.Parse(record.Json)!))
            .Select(e => new Told(e.record.Topic, (string)e.Envelope["id"]!, DateTimeOffset.Parse((string)e.Envelope["time"]!, CultureInfo.InvariantCulture), e.record.Json))
            .DistinctBy(e => e.Id),
    ];

    static async Task<IReadOnlyList<string>> Rows(EmbeddedShop shop, string sql) =>
        Lines((await shop.Rows(AppIds.Analytics, sql)).Select(row => string.Join(' ', row.Select(column => column.Key is "total_revenue" or "n" ? Number(decimal.Parse($"{column.Value}", CultureInfo.InvariantCulture)) : $"{column.Value}"))));

    static IReadOnlyList<string> Lines(IEnumerable<string> lines) => [.. lines.Order(StringComparer.Ordinal)];

    static string Number(decimal number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    static T Parse<T>(Told e) where T : class, IEvent => CloudEvent.Parse<T>(e.Json).Event?.Data ?? throw new InvalidOperationException(Encoding.UTF8.GetString(e.Json));
}
