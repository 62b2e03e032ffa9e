using System.CommandLine;
using Ecom.Contracts;

namespace Ecom.Tool;

/// <summary>Empties the shop without taking anything down: tables and topics stay, what runs goes on with nothing in them.</summary>
static class Clean
{
    public static Command Command() => new("clean", "Empty the shop's tables or topics; services that run go on, with nothing in them.")
    {
        Place("database", "Empty every table of the services, in PostgreSQL (POSTGRES_*) or in the embedded shop's files; the products get their first stock again.", Database),
        Place("kafka", "Delete every event of every topic, in Kafka (KAFKA_BROKERS) or in the embedded shop's broker.", Events),
    };

    static Command Place(string name, string description, Func<ShopChoice, bool, CancellationToken, Task<int>> clean)
    {
        var shop = new ShopOptions();
        var yes = new Option<bool>("--yes") { Description = "Do not ask before anything is deleted." };
        var command = new Command(name, description) { yes };
        shop.AddDataTo(command);
        command.SetAction((parsed, cancel) => clean(shop.Read(parsed), parsed.GetValue(yes), cancel));
        return command;
    }

    static async Task<int> Database(ShopChoice choice, bool yes, CancellationToken cancel)
    {
        var data = choice.OwnData();
        // As inventory-service reads it.
        var stock = Setting.Number("INITIAL_STOCK", 100, 0, 1_000_000, text => $"INITIAL_STOCK is '{text}', not a number from 0 to 1000000");
        var orders = await data.Query(AppIds.Order, "SELECT order_id, CASE WHEN status = 'FULFILLED' OR closed_at IS NOT NULL THEN 0 ELSE 1 END FROM orders",
            row => (Id: row.GetString(0), IsOpen: row.GetInt32(1) == 1), cancel);
        string[] open = [.. orders.Where(order => order.IsOpen).Select(order => order.Id)];
        if (!yes && !Terminal.Agrees($"Empty every table in {data.Place}: {orders.Count} orders, {open.Length} of them open?"))
            return Exit.NotSo;
        foreach (var app in Shop.Services.Keys.Where(app => app != AppIds.Cart))
        {
            var tables = await Tables(data, app, cancel);
            await data.Execute(app, data.IsPostgres ? TruncateAll(tables) : DeleteAll(tables), cancel);
            if (app == AppIds.Inventory)
                await data.Execute(app, $"UPDATE products SET initial_stock = {stock}, stock = {stock}, reserved = 0, restocked = 0, version = version + 1", cancel);
            Terminal.Line($"{app,-21} emptied: {string.Join(", ", tables)}");
        }
        // Not before: while its row is there, order-service gives an order without a saga a new one.
        if (open.Length > 0)
            Terminal.Line($"{AppIds.Order,-21} {await Sagas.End(open, Addresses.Read(choice), cancel)} of {open.Length} open sagas ended");
        return Exit.Ok;
    }

    static async Task<int> Events(ShopChoice choice, bool yes, CancellationToken cancel)
    {
        if (choice.Data is null && Environment.GetEnvironmentVariable("KAFKA_BROKERS") is { Length: > 0 } brokers)
        {
            if (!yes && !Terminal.Agrees($"Delete every event of the shop's topics in Kafka {brokers}?"))
                return Exit.NotSo;
            foreach (var (topic, partitions) in await KafkaAdmin.DeleteAllRecords(brokers))
                Terminal.Line($"{topic,-25} emptied: {partitions} partitions");
            return Exit.Ok;
        }
        // The sidecars' file is read as the services' are: by its name in the folder.
        var data = ServiceData.Files(choice.DataFolder);
        var events = (await data.Query("sidecars", "SELECT count(*) FROM messages", row => row.GetInt64(0), cancel))[0];
        if (!yes && !Terminal.Agrees($"Delete all {events} events in {data.Place}?"))
            return Exit.NotSo;
        // The subscribers' places stay good only when no number is given out twice.
        var deleted = await data.Execute("sidecars", """
            BEGIN IMMEDIATE;
            UPDATE topics SET next = max(next, ifnull((SELECT max(offset) + 1 FROM messages WHERE topic = topics.id), 0));
            DELETE FROM messages;
            COMMIT
            """, cancel);
        Terminal.Line($"broker emptied: {data.Place} ({deleted} rows)");
        return Exit.Ok;
    }

    /// <summary>All but the products, which no event brings back, and the record of the schema's changes.</summary>
    static async Task<IReadOnlyList<string>> Tables(ServiceData data, string app, CancellationToken cancel)
    {
        var all = await data.Query(app, data.IsPostgres
            ? "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
            : "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1", row => row.GetString(0), cancel);
        return all.Count > 0
            ? [.. all.Where(table => table != "products" && !table.StartsWith("__", StringComparison.Ordinal))]
            : throw new ToolError($"there are no tables of {app} in {data.Place}: run `ecom setup` first");
    }

    // The rows' numbers go on in both: a service that runs may still have to delete by its number what it has just sent.
    static string TruncateAll(IEnumerable<string> tables) => $"SET lock_timeout = '3s'; TRUNCATE {string.Join(", ", tables)} CONTINUE IDENTITY";

    static string DeleteAll(IEnumerable<string> tables) =>
        $"BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON; {string.Concat(tables.Select(table => $"DELETE FROM {table}; "))}COMMIT";
}
