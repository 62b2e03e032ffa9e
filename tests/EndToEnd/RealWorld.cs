using Ecom.Contracts;
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

    /// <summary>The repository whose programs run.</summary>
    protected virtual string Release => Repository.Root;

    protected virtual string Components => ComponentsOf(Release);

    public static string ComponentsOf(string release) => Path.Combine(release, "components/kafka");

    /// <summary>The services' settings, where they differ from the defaults.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    public virtual async ValueTask InitializeAsync()
    {
        // Each test needs the same and is skipped.
        if (!Runtimes.Has(Runtime.RealWorld))
            return;
        heavy = await HeavyLock.Take();
        backends = await Backends.Start(Brokers);
        shop = await RunningShop.Start(backends, Components, Settings, Release);
    }

    public virtual async ValueTask DisposeAsync()
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

    /// <summary>For the message of a failure: where the events of the orders that have not ended lie (dead letters are among them), and how far order-service has read, now and a little later.</summary>
    public async Task<string> Whereabouts(IReadOnlyList<string> orderIds)
    {
        var ended = (await Rows("order_service", "SELECT order_id FROM orders WHERE closed_at IS NOT NULL AND order_id = ANY($1)", orderIds.ToArray())).Select(row => (string)row["order_id"]!);
        var records = Backends.Kafka.Read([.. Topics.All]);
        var open = orderIds.Except(ended).Select(id =>
            $"{id}: {string.Join(", ", records.Where(record => record.Value.Contains(id)).Select(record => $"{record.Topic}[{record.Partition}] {record.Offset}").DefaultIfEmpty("no event"))}");
        var places = new List<string>();
        foreach (var pause in (int[])[0, 10])
        {
            await Task.Delay(TimeSpan.FromSeconds(pause));
            var committed = await Backends.Kafka.Committed($"{AppIds.Order}-group");
            places.Add(string.Join(", ", committed.OrderBy(place => $"{place.Key}").Select(place =>
                $"{place.Key} {place.Value}/{records.Where(record => record.Topic == place.Key.Topic && record.Partition == place.Key.Partition.Value).Max(record => (long?)record.Offset + 1) ?? 0}")));
        }
        return $"Open: {string.Join("; ", open)}. Order-service has read: {string.Join("; 10 s later: ", places)}";
    }

    public async Task<int> Stock(string productId) =>
        (int)(await Row("inventory_service", "SELECT stock FROM products WHERE product_id = $1", productId))!["stock"]!;

    public Task<ReceivedMail> Mail(string subject) => Eventually.Get<ReceivedMail>(
        () => Task.FromResult(Backends.Mail.Mails().SingleOrDefault(mail => mail.Subject == subject)), TimeSpan.FromSeconds(30), $"the mail '{subject}' has come");

    /// <returns>How many confirmations of these orders have come, when each has one.</returns>
    public Task<int> Confirmed(IEnumerable<string> orderIds) =>
        Confirmations.Of(orderIds, () => Task.FromResult(Backends.Mail.Mails().Select(mail => mail.Subject)), TimeSpan.FromSeconds(90));
}

/// <summary>On one broker, for a class of its own.</summary>
public class OneBrokerWorld : RealWorld
{
    protected override int Brokers => 1;
}

[CollectionDefinition(Name)]
public class RealWorldCollection : ICollectionFixture<RealWorld>
{
    public const string Name = "real world";
}

/// <summary>On one broker; its orders wait for an answer no longer than <see cref="Deadline"/>, and its spans are collected.</summary>
public sealed class SmallWorld : OneBrokerWorld
{
    /// <summary>In which an answer must come while who owes it runs: also after a start, on a busy machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(25);

    internal TraceCollector Collector { get; private set; } = null!;

    protected override Dictionary<string, string?> Settings => new(Collector.Settings) { ["SAGA_TIMEOUT_SECONDS"] = $"{Deadline.TotalSeconds}" };

    public override async ValueTask InitializeAsync()
    {
        Collector = await TraceCollector.Start();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Collector.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public class SmallWorldCollection : ICollectionFixture<SmallWorld>
{
    public const string Name = "small world";
}
