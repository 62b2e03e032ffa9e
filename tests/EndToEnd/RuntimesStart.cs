using System.Net.Http.Json;
using Ecom.Tests.Support;
using Npgsql;

namespace Ecom.Tests.EndToEnd;

public class RuntimesStart
{
    [Fact]
    [Needs(Runtime.Kafka)]
    public async Task Three_brokers_hold_a_record_when_one_of_them_is_killed()
    {
        using var heavy = await HeavyLock.Take();
        await using var kafka = await KafkaCluster.Start(brokers: 3);
        await kafka.CreateTopics(3, "probe");
        await kafka.Produce("probe", "key-1", "before");

        kafka.Kill(0);
        await kafka.Produce("probe", "key-1", "while one is away");
        await kafka.Restart(0);

        kafka.Read("probe").Select(r => (r.Key, r.Value)).ShouldBe([("key-1", "before"), ("key-1", "while one is away")]);
    }

    [Fact]
    [Needs(Runtime.Postgres)]
    public async Task A_database_keeps_its_rows_over_a_crash()
    {
        await using var postgres = await PostgresServer.Start();
        await postgres.CreateDatabase("kafka_ecom");
        await using (var connection = await postgres.Open("kafka_ecom"))
        {
            await using var command = new NpgsqlCommand("CREATE TABLE t AS SELECT 42 AS answer", connection);
            await command.ExecuteNonQueryAsync();
        }

        postgres.Kill();
        await postgres.StartServer();

        NpgsqlConnection.ClearAllPools();
        await using var again = await postgres.Open("kafka_ecom");
        await using var read = new NpgsqlCommand("SELECT answer FROM t", again);
        (await read.ExecuteScalarAsync()).ShouldBe(42);
    }

    [Fact]
    [Needs(Runtime.Dapr | Runtime.Redis)]
    public async Task A_sidecar_mails_through_the_mail_catcher_and_keeps_state_in_redis()
    {
        await using var redis = await RedisServer.Start();
        await using var mail = await MailCatcher.Start();
        await using var plane = await DaprControlPlane.Start();
        using var resources = new TempFolder("resources");
        resources.Write("store.yaml", Component("store", "state.redis", ("redisHost", redis.Host)));
        resources.Write("mail.yaml", Component("mail", "bindings.smtp", ("host", mail.Host), ("port", $"{mail.SmtpPort}")));
        await using var daprd = await Daprd.Start("probe", resources.Path, plane: plane);

        (await daprd.Http.PostAsJsonAsync("v1.0/state/store", new[] { new { key = "k", value = 42 } })).EnsureSuccessStatusCode();
        var metadata = new { emailFrom = "a@ecom.local", emailTo = "b@example.com", subject = "Hello" };
        (await daprd.Http.PostAsJsonAsync("v1.0/bindings/mail", new { operation = "create", data = "<p>Hi</p>", metadata })).EnsureSuccessStatusCode();

        (await daprd.Http.GetStringAsync("v1.0/state/store/k")).ShouldBe("42");
        var received = mail.Mails().ShouldHaveSingleItem();
        received.To.ShouldBe(["b@example.com"]);
        received.Html.ShouldContain("<p>Hi</p>");
    }

    [Fact]
    public async Task A_machine_runs_one_heavy_suite_at_a_time()
    {
        using var first = await HeavyLock.Take();

        await Should.ThrowAsync<TimeoutException>(() => HeavyLock.Take(TimeSpan.FromMilliseconds(200)));
    }

    static string Component(string name, string type, params (string Name, string Value)[] metadata) => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: v1
          metadata:
        {string.Join('\n', metadata.Select(m => $"  - name: {m.Name}\n    value: \"{m.Value}\""))}
        """;
}
