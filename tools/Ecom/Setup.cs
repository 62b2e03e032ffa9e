using System.CommandLine;
using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Ecom.Contracts;
using Ecom.Hosting;
using Npgsql;

namespace Ecom.Tool;

/// <summary>Fills the empty secrets of .env, brings PostgreSQL to the current schema and Kafka to the specification's topics. Each step says what it changed; a second run changes nothing.</summary>
static class Setup
{
    const int Partitions = 3;
    static readonly Terminal.Coloured Unchanged = Terminal.Plain("unchanged");
    static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(30);

    /// <summary>By which doors open. A password is its server's, who may have one already.</summary>
    static readonly string[] Secrets = ["APP_API_TOKEN", "DAPR_API_TOKEN", Operators.Setting];

    /// <summary>cart-service keeps its carts in a state store.</summary>
    static IEnumerable<KeyValuePair<string, string>> WithDatabase => Shop.Services.Where(service => service.Key != AppIds.Cart);

    static IEnumerable<string> Schemas => WithDatabase.Select(service => PostgreSql.Schema(service.Key));

    public static Command Command()
    {
        var command = new Command("setup", "Bring PostgreSQL (POSTGRES_* or ConnectionStrings__Db) and Kafka (KAFKA_BROKERS) to what the shop needs, and fill the empty tokens of .env; can be repeated.");
        command.SetAction((_, cancel) => Run(cancel));
        return command;
    }

    static async Task<int> Run(CancellationToken cancel)
    {
        foreach (var secret in await EnvFile.FillEmpty(Secrets, cancel))
            Say(".env", secret, Terminal.Green("made; what runs gets it when it is started again, after: set -a; . ./.env; set +a"));
        if (PostgreSql.FromEnvironment() is { } server)
            await Database(server, cancel);
        else
            Terminal.Line($"postgresql  skipped: neither POSTGRES_HOST nor ConnectionStrings__Db is set");
        if (Environment.GetEnvironmentVariable("KAFKA_BROKERS") is { Length: > 0 } brokers)
            await Broker(brokers);
        else
            Terminal.Line($"kafka       skipped: KAFKA_BROKERS is not set");
        return Exit.Ok;
    }

    static async Task Database(NpgsqlConnectionStringBuilder server, CancellationToken cancel)
    {
        var database = server.Database ?? PostgreSql.Database;
        try
        {
            await using (var maintenance = await Open(server, "postgres", cancel))
                await Step(maintenance, $"database {database}", $"SELECT 1 FROM pg_database WHERE datname = '{database}'", $"CREATE DATABASE {Name(database)}", cancel);

            await using var shop = await Open(server, database, cancel);
            foreach (var schema in Schemas)
            {
                await Step(shop, $"role {schema}", $"SELECT 1 FROM pg_roles WHERE rolname = '{schema}'", $"CREATE ROLE {schema} NOLOGIN", cancel);
                // The services log in as one user and become their own role: the user must be a member, and the role sees its schema only.
                await Step(shop, $"member of {schema}", $"SELECT 1 WHERE pg_has_role(current_user, '{schema}', 'MEMBER')", $"GRANT {schema} TO CURRENT_USER", cancel);
                await Step(shop, $"schema {schema}", $"SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'", $"CREATE SCHEMA {schema} AUTHORIZATION {schema}", cancel);
            }
            // daprd keeps its own tables (workflows, state) beside the services', in the schema public.
            await Step(shop, "schema public", "SELECT 1 WHERE has_schema_privilege(current_user, 'public', 'CREATE')", "GRANT CREATE ON SCHEMA public TO CURRENT_USER", cancel);
            var path = string.Join(", ", Schemas.Append("public"));
            await Step(shop, "search path", $"SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = '{database}' AND s.setrole = 0 AND 'search_path={path}' = ANY (s.setconfig)",
                $"ALTER DATABASE {Name(database)} SET search_path = {path}", cancel);
        }
        catch (NpgsqlException broken)
        {
            throw new ToolError($"PostgreSQL {server.Host}:{server.Port}: {(broken.InnerException ?? broken).Message.ReplaceLineEndings(" ")}");
        }
        foreach (var (app, service) in WithDatabase)
            await Migrate(app, service, cancel);
    }

    /// <summary>A service's schema is the service's: its own program brings it up to date.</summary>
    static async Task Migrate(string app, string service, CancellationToken cancel)
    {
        var program = Repository.Program(service);
        if (!File.Exists(program))
            throw new ToolError($"{service} is not built: dotnet build EcomDapr.sln");
        var start = new ProcessStartInfo("dotnet", [program, "migrate"]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.Combine(Repository.Root, "services", service) };
        using var process = Process.Start(start)!;
        using var stop = cancel.Register(() => process.Kill(entireProcessTree: true));
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        await process.WaitForExitAsync(cancel);
        var lines = string.Join('\n', await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (process.ExitCode != 0)
            throw new ToolError($"the migration of {app} failed: {lines.LastOrDefault() ?? $"exit code {process.ExitCode}"}");
        Say("postgresql", $"tables of {app}", Terminal.Plain(lines.LastOrDefault() ?? "current"));
    }

    static async Task<NpgsqlConnection> Open(NpgsqlConnectionStringBuilder server, string database, CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database, Pooling = false, Timeout = 10 }.ToString());
        await connection.OpenAsync(cancel);
        return connection;
    }

    static async Task Step(NpgsqlConnection connection, string what, string present, string make, CancellationToken cancel)
    {
        await using var ask = new NpgsqlCommand(present, connection);
        var there = await ask.ExecuteScalarAsync(cancel) is not null;
        if (!there)
        {
            await using var change = new NpgsqlCommand(make, connection);
            await change.ExecuteNonQueryAsync(cancel);
        }
        Say("postgresql", what, there ? Unchanged : Terminal.Green("created"));
    }

    static string Name(string identifier) => $"\"{identifier.Replace("\"", "\"\"")}\"";

    static async Task Broker(string brokers)
    {
        using var admin = KafkaAdmin.Of(brokers);
        try
        {
            var cluster = admin.GetMetadata(BrokerPatience);
            var replicas = (short)Math.Min(3, cluster.Brokers.Count);
            var wanted = Wanted(replicas);
            var existing = cluster.Topics.ToDictionary(topic => topic.Topic);
            foreach (var name in Topics.All)
                Say("kafka", name, existing.TryGetValue(name, out var topic)
                    ? await Adapt(admin, topic, replicas, wanted)
                    : await Create(admin, name, replicas, wanted));
        }
        catch (KafkaException broken)
        {
            throw new ToolError($"Kafka {brokers}: {broken.Error.Reason}");
        }
    }

    /// <summary>A topic's own settings. Its records' time is the broker's: a producer's clock may be wrong, and its event's time is held against this one.</summary>
    static Dictionary<string, string> Wanted(short replicas) => new() { ["min.insync.replicas"] = replicas == 3 ? "2" : "1", ["message.timestamp.type"] = "LogAppendTime" };

    static async Task<Terminal.Coloured> Create(IAdminClient admin, string name, short replicas, Dictionary<string, string> wanted)
    {
        await admin.CreateTopicsAsync([new TopicSpecification
        {
            Name = name,
            NumPartitions = Partitions,
            ReplicationFactor = replicas,
            Configs = wanted,
        }]);
        return Terminal.Green($"created ({Partitions} partitions, {replicas} replicas, min. in-sync {wanted["min.insync.replicas"]})");
    }

    static async Task<Terminal.Coloured> Adapt(IAdminClient admin, TopicMetadata topic, short replicas, Dictionary<string, string> wanted)
    {
        var changes = new List<string>();
        if (topic.Partitions.Count < Partitions)
        {
            await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic.Topic, IncreaseTo = Partitions }]);
            changes.Add($"changed: {topic.Partitions.Count} to {Partitions} partitions");
        }
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = topic.Topic };
        var current = (await admin.DescribeConfigsAsync([resource]))[0].Entries;
        var others = wanted.Where(setting => current[setting.Key].Value != setting.Value).ToList();
        if (others.Count > 0)
        {
            await admin.IncrementalAlterConfigsAsync(new() { [resource] = others.ConvertAll(setting => new ConfigEntry { Name = setting.Key, Value = setting.Value, IncrementalOperation = AlterConfigOpType.Set }) });
            changes.AddRange(others.Select(setting => $"changed: {setting.Key} {current[setting.Key].Value} to {setting.Value}"));
        }
        // Moving replicas is a plan over the whole cluster's load, which is its operator's.
        var fewest = topic.Partitions.Min(partition => partition.Replicas.Length);
        if (fewest < replicas)
            changes.Add($"has {fewest} replicas instead of {replicas}: kafka-reassign-partitions.sh");
        return changes.Count == 0 ? Unchanged : Terminal.Yellow(string.Join("; ", changes));
    }

    static void Say(string system, string what, Terminal.Coloured outcome) => Terminal.Line($"{system,-11} {what,-31} {outcome}");
}
