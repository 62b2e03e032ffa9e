using System.Diagnostics;
using Ecom.Contracts;
using Ecom.Tests.Support;
using Npgsql;

namespace Ecom.Tests.EndToEnd;

/// <summary>A shop of its own: after this, its books are full.</summary>
public sealed class OldWorld : OneBrokerWorld
{
    /// <summary>What the timers of a shop in which nobody orders read meanwhile.</summary>
    const int Idle = 2_000;
    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(12);

    /// <summary>The journal's purge counts up to as many each minute, whatever the books hold.</summary>
    protected override Dictionary<string, string?> Settings => new() { ["JOURNAL_EVENTS"] = "1000" };

    /// <summary>Makes copies of everything that has happened so far, an hour further back each, with ids of their own: the books still add up.</summary>
    /// <param name="copies">How many of each order.</param>
    public async Task GrowOld(int copies)
    {
        await using var connection = await Backends.Postgres.Open(Backends.Database);
        foreach (var (table, columns) in await Tables(connection))
        {
            var copied = columns.Select(column => column switch
            {
                { Name: "order_id" or "payment_id" or "notification_id" or "event_id" } => $"{column.Name} || '-' || copy",
                { Type: "timestamp with time zone" } => $"{column.Name} - make_interval(hours => copy)",
                _ => column.Name,
            });
            await Execute(connection, $"INSERT INTO {table} ({string.Join(", ", columns.Select(column => column.Name))}) SELECT {string.Join(", ", copied)} FROM {table}, generate_series(1, {copies}) AS copy");
        }
        await Execute(connection, $"UPDATE inventory_service.products SET initial_stock = initial_stock + reserved * {copies}, reserved = reserved * {copies + 1}");
        await Execute(connection, "ANALYZE");
    }

    /// <summary>Rows that the shop's database has looked at so far in each table, whoever asked. Its backends tell what they did when they have been idle for a moment: the sum of that has to stand still.</summary>
    public async Task<IReadOnlyDictionary<string, long>> RowsRead()
    {
        await using var connection = await Backends.Postgres.Open(Backends.Database);
        await using var query = new NpgsqlCommand("SELECT schemaname || '.' || relname, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables", connection);
        var (rows, standing) = (new Dictionary<string, long>(), Stopwatch.StartNew());
        await Eventually.Until(
            async () =>
            {
                Dictionary<string, long> now = [];
                await using var reader = await query.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                    now[reader.GetString(0)] = reader.GetInt64(1);
                if (now.Values.Sum() - rows.Values.Sum() > Idle)
                    (rows, standing) = (now, Stopwatch.StartNew());
                return standing.Elapsed > Quiet;
            },
            TimeSpan.FromSeconds(90),
            "the counts stand still");
        return rows;
    }

    /// <summary>Of the services, each with what is copied of it. What counts the copies itself, and what is on its way, is left out.</summary>
    static async Task<IReadOnlyList<(string Table, IReadOnlyList<(string Name, string Type)> Columns)>> Tables(NpgsqlConnection connection)
    {
        await using var query = new NpgsqlCommand(
            """
            SELECT table_schema || '.' || table_name, column_name, data_type FROM information_schema.columns
            WHERE table_schema LIKE '%\_service' AND is_identity = 'NO'
              AND table_name IN ('orders', 'order_items', 'payments', 'gateway_charges', 'order_reservations', 'stock_reservations', 'notifications', 'processed_events', 'journal', 'shop_orders')
            ORDER BY ordinal_position
            """, connection);
        List<(string Table, string Name, string Type)> columns = [];
        await using var reader = await query.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            columns.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return [.. columns.GroupBy(column => column.Table).Select(table => (table.Key, (IReadOnlyList<(string, string)>)[.. table.Select(column => (column.Name, column.Type))]))];
    }

    static async Task Execute(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>An order costs what it cost when the shop was new: nothing it does looks through the books.</summary>
[Needs(Runtime.RealWorld)]
[Trait("Length", "Long")]
public sealed class RealOldBooks(OldWorld world, ITestOutputHelper log) : IClassFixture<OldWorld>
{
    const int Orders = 200, AtOnce = 10, Copies = 800;

    /// <summary>Of an order. A table that was looked through once would make a thousand more of each.</summary>
    const int MostRows = 500;

    [Fact]
    public async Task An_order_reads_no_more_rows_among_three_hundred_thousand_than_among_a_few_hundred()
    {
        await RowsPerOrder();
        var young = await RowsPerOrder();
        await world.GrowOld(Copies);
        var books = (long)(await world.Row("order_service", "SELECT count(*) FROM orders"))!["count"]!;
        books.ShouldBeGreaterThan(300_000);

        await RowsPerOrder();
        var old = await RowsPerOrder();

        log.WriteLine($"rows read per order among {2 * Orders} orders: {Text(young)}; among {books}: {Text(old)}");
        old.Values.Sum().ShouldBeLessThan(MostRows);
        old.Values.Sum().ShouldBeLessThan(young.Values.Sum() * 1.2);
        (await world.Shop.Audit()).ShouldContain("\"books_ok\":true");
    }

    /// <summary>Places orders and sees them to their end.</summary>
    /// <returns>The rows of each table that one of them takes.</returns>
    async Task<IReadOnlyDictionary<string, double>> RowsPerOrder()
    {
        var before = await world.RowsRead();
        await Parallel.ForEachAsync(Enumerable.Range(0, Orders), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) =>
            await world.Customer.WaitFor(await world.Customer.Order(Customer.NewUser("olga"), PaymentTokens.Success, ($"PROD-{1 + i % 20:000}", 1)), "FULFILLED", TimeSpan.FromSeconds(90)));
        return (await world.RowsRead()).ToDictionary(table => table.Key, table => (table.Value - before.GetValueOrDefault(table.Key)) / (double)Orders);
    }

    static string Text(IReadOnlyDictionary<string, double> rows) =>
        FormattableString.Invariant($"{rows.Values.Sum():0} ({string.Join(", ", rows.OrderByDescending(table => table.Value).Take(8).Select(table => FormattableString.Invariant($"{table.Key} {table.Value:0}")))})");
}
