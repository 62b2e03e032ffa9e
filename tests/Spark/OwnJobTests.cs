using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using Npgsql;

namespace Ecom.Tests.Spark;

public sealed partial class OwnJobTests(SparkWorld world)
{
    const string Input = "order.created", Output = "own.product_hours";
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    [Needs(Runtime.Spark | Runtime.Kafka)]
    public async Task A_job_of_ones_own_shows_rows_and_streams_them()
    {
        using var folder = new TempFolder("own-job");
        await using var kafka = await Orders();
        await kafka.CreateTopics(3, Output);
        var environment = Around(kafka, folder);

        var shown = await Job("show");
        await Job("stream", "--available-now");
        var first = Hours(kafka).ToList();
        await Order(kafka, "o4", "2026-01-02T12:40:00Z", ("PROD-001", 1, 10.00m));
        await Job("stream", "--available-now");

        shown.ShouldContain("|2026-01-02|  PROD-001|2026-01-02 12:00:00|    5|  50.00|");
        shown.ShouldContain("|2026-01-02|  PROD-002|2026-01-02 13:00:00|    1|   7.50|");
        first.ShouldBe(["PROD-001 12:00 5 50.00", "PROD-001 13:00 1 10.00", "PROD-002 13:00 1 7.50"]);
        Hours(kafka).ShouldBe(["PROD-001 12:00 6 60.00", "PROD-001 13:00 1 10.00", "PROD-002 13:00 1 7.50"]);

        Task<string> Job(params string[] arguments) => ChildProcess.Run("dotnet", [Repository.File("spark/OwnJob/bin/Ecom.OwnJob.dll"), .. arguments], environment, folder.Path, Patience);
    }

    /// <summary>Types what the document says, beside a clone.</summary>
    [Fact]
    [Trait("Length", "Long")]
    [Needs(Runtime.SparkJdbc | Runtime.KafkaHome | Runtime.Postgres)]
    public async Task The_way_to_a_job_of_ones_own_leads_there()
    {
        using var folder = new TempFolder("own-way");
        await using var kafka = await Orders();
        var environment = Around(kafka, folder);
        await using var postgres = await PostgresServer.Start();
        environment["JDBC_URL"] = $"jdbc:postgresql://{postgres.Host}:{postgres.Port}/postgres?user={postgres.User}&password={postgres.Password}";
        foreach (var file in (await ChildProcess.Run("git", ["ls-files", "--cached", "--others", "--exclude-standard", "spark", "*.props", "global.json", "LICENSE"], folder: Repository.Root)).Split('\n'))
            folder.Write($"EcomDapr/{file}", File.ReadAllText(Repository.File(file)));
        var typed = Typed().Matches(await File.ReadAllTextAsync(Repository.File("docs/own-job.md"))).Select(block => block.Groups[1].Value).ToList();
        typed.Count.ShouldBe(4);

        var printed = await ChildProcess.Run("bash", ["-ec", string.Concat(typed)], environment, folder.Path, Patience * 3);

        printed.ShouldContain("|2026-01-02|  PROD-001|2026-01-02 12:00:00|    5|  50.00|");
        Hours(kafka).ShouldBe(["PROD-001 12:00 5 50.00", "PROD-001 13:00 1 10.00", "PROD-002 13:00 1 7.50"]);
        await using var connection = await postgres.Open();
        await using var command = new NpgsqlCommand("SELECT product_id || ' ' || units FROM best_hours ORDER BY product_id", connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0));
        rows.ShouldBe(["PROD-001 5", "PROD-002 1"]);
    }

    /// <summary>A broker with the shop's orders, one of them delivered twice, beside something that is none.</summary>
    static async Task<KafkaCluster> Orders()
    {
        var kafka = await KafkaCluster.Start();
        await kafka.CreateTopics(3, Input);
        await Order(kafka, "o1", "2026-01-02T12:00:00Z", ("PROD-001", 2, 20.00m));
        await Order(kafka, "o2", "2026-01-02T12:30:00Z", ("PROD-001", 3, 30.00m));
        await Order(kafka, "o2", "2026-01-02T12:30:00Z", ("PROD-001", 3, 30.00m));
        await Order(kafka, "o3", "2026-01-02T13:00:00Z", ("PROD-001", 1, 10.00m), ("PROD-002", 1, 7.50m));
        await kafka.Produce(Input, null, "no event");
        return kafka;
    }

    Dictionary<string, string?> Around(KafkaCluster kafka, TempFolder folder)
    {
        _ = world.Session;
        return new(OwnPackages.In(folder))
        {
            ["KAFKA_BROKERS"] = kafka.Brokers,
            ["SPARK_REMOTE"] = world.Remote,
            ["CHECKPOINT"] = folder.File("checkpoint"),
        };
    }

    static Task Order(KafkaCluster kafka, string id, string time, params (string Product, int Quantity, decimal Total)[] lines) => kafka.Produce(Input, id, JsonSerializer.Serialize(new
    {
        specversion = "1.0",
        id,
        type = Input,
        time,
        data = new { order_id = id, items = lines.Select(line => new { product_id = line.Product, quantity = line.Quantity, item_total = line.Total }) },
    }));

    /// <summary>The last row of each product and hour.</summary>
    static IEnumerable<string> Hours(KafkaCluster kafka) => kafka.Read(Output)
        .GroupBy(record => record.Key, (_, records) => JsonDocument.Parse(records.Last().Value).RootElement)
        .Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.GetProperty("product_id").GetString()} {row.GetProperty("hour").GetDateTimeOffset():HH:mm} {row.GetProperty("units").GetInt64()} {row.GetProperty("revenue").GetDecimal():0.00}"))
        .Order(StringComparer.Ordinal);

    [GeneratedRegex(@"(?s)```bash\n(.*?)```")]
    private static partial Regex Typed();
}
