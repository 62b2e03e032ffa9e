using Ecom.Tests.Support;
using Npgsql;

// Two whole systems at once would only time each other out.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Ecom.Tests.EndToEnd;

/// <summary>The shop on real Dapr, three brokers, PostgreSQL, Redis and a mail catcher; started once for all tests of the collection.</summary>
public class RealWorld : IAsyncLifetime
{
    HeavyLock? heavy;
    Backends? backends;
    RunningShop? shop;

    public Backends Backends => backends!;

    public RunningShop Shop => shop!;

    public Customer Customer => Shop.Customer;

    protected virtual int Brokers => 3;

    protected virtual string Components => Repository.File("components/kafka");

    public async ValueTask InitializeAsync()
    {
        // Each test says itself, loudly, that it is skipped.
        if (!Runtimes.Has(Runtime.RealWorld))
            return;
        heavy = await HeavyLock.Take();
        backends = await Backends.Start(Brokers);
        shop = await RunningShop.Start(backends, Components);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (shop is not null)
            await shop.DisposeAsync();
        if (backends is not null)
            await backends.DisposeAsync();
        heavy?.Dispose();
    }

    /// <summary>One row of a service's schema, column by column; null when there is none.</summary>
    public async Task<Dictionary<string, object?>?> Row(string schema, string query, params object[] values) => (await Rows(schema, query, values)).SingleOrDefault();

    public async Task<List<Dictionary<string, object?>>> Rows(string schema, string query, params object[] values)
    {
        await using var connection = await Backends.Postgres.Open(Backends.Database);
        await using var path = new NpgsqlCommand($"SET search_path = {schema}", connection);
        await path.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand(query, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using var reader = await command.ExecuteReaderAsync();
        List<Dictionary<string, object?>> rows = [];
        while (await reader.ReadAsync())
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, i => reader.IsDBNull(i) ? null : reader.GetValue(i)));
        return rows;
    }

    public async Task<int> Stock(string productId) =>
        (int)(await Row("inventory_service", "SELECT stock FROM products WHERE product_id = $1", productId))!["stock"]!;

    public Task<ReceivedMail> Mail(string subject) => Eventually.Get<ReceivedMail>(
        async () => (await Backends.Mail.Mails()).SingleOrDefault(mail => mail.Subject == subject), TimeSpan.FromSeconds(30), $"the mail '{subject}' has come");
}

[CollectionDefinition(Name)]
public class RealWorldCollection : ICollectionFixture<RealWorld>
{
    public const string Name = "real world";
}
