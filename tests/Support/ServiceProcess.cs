using System.Data.Common;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Ecom.Tests.Support;

public enum Database { None, Sqlite, Postgres }

/// <summary>One service, run as the program it is, on its own database and a fake sidecar.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    readonly string name;
    readonly Database database;
    readonly PostgresServer? postgres;
    readonly TempFolder folder;
    readonly IReadOnlyDictionary<string, string>? settings;
    readonly bool ownsSidecar;
    readonly Dictionary<string, string?> environment;
    ChildProcess? process;

    ServiceProcess(string name, Database database, PostgresServer? postgres, FakeSidecar sidecar, IReadOnlyDictionary<string, string>? settings, bool ownsSidecar = true, string? databaseName = null)
    {
        (this.name, this.database, this.postgres, Sidecar, this.settings, this.ownsSidecar) = (name, database, postgres, sidecar, settings, ownsSidecar);
        folder = new(name.ToLowerInvariant());
        DatabaseName = databaseName ?? $"test_{folder.Path[^6..].ToLowerInvariant()}";
        var port = Ports.Free();
        Http = new() { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(2) };
        environment = new()
        {
            ["APP_PORT"] = $"{port}",
            ["DAPR_HTTP_PORT"] = $"{sidecar.HttpPort}",
            ["DAPR_GRPC_PORT"] = $"{sidecar.GrpcPort}",
            ["ECOM_DATA"] = folder.Path,
            ["APP_API_TOKEN"] = null,
            ["DAPR_API_TOKEN"] = null,
            ["ECOM_ADMIN_KEY"] = null,
            ["AUTH_AUTHORITY"] = null,
            ["DAPR_HTTP_ENDPOINT"] = null,
            ["DAPR_GRPC_ENDPOINT"] = null,
            ["POSTGRES_HOST"] = postgres?.Host,
            ["POSTGRES_PORT"] = postgres?.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["POSTGRES_DB"] = DatabaseName,
            ["POSTGRES_USER"] = postgres?.User,
            ["POSTGRES_PASSWORD"] = postgres?.Password,
        };
        foreach (var (key, value) in settings ?? new Dictionary<string, string>())
            environment[key] = value;
    }

    public FakeSidecar Sidecar { get; }

    public HttpClient Http { get; }

    public IReadOnlyCollection<string> Output => process!.Output;

    string Program => Repository.File($"services/{name}/bin/Ecom.{name}.dll");

    string AppId => $"{name.ToLowerInvariant()}-service";

    string Schema => AppId.Replace('-', '_');

    string DatabaseName { get; }

    public static async Task<ServiceProcess> Start(string name, Database database = Database.None, IReadOnlyDictionary<string, string>? settings = null)
    {
        if (database is Database.Postgres && Runtimes.Lacking(Runtime.Postgres) is { } reason)
            throw new InvalidOperationException($"The test or its fixture should have asked for PostgreSQL first. {reason}");
        var service = new ServiceProcess(name, database, database is Database.Postgres ? await SharedPostgres.Get() : null, await FakeSidecar.Start(), settings);
        if (service.postgres is not null)
        {
            await service.CreateSchema();
            var (code, said) = await service.Migrate();
            code.ShouldBe(0, string.Join('\n', said));
        }
        await service.Run();
        return service;
    }

    /// <summary>A second one, on the same broker, state store and PostgreSQL, and with the same sidecar and settings where it is given none of its own.</summary>
    public async Task<ServiceProcess> AnotherReplica(FakeSidecar? ownSidecar = null, IReadOnlyDictionary<string, string>? ownSettings = null)
    {
        var replica = new ServiceProcess(name, database, postgres, ownSidecar ?? Sidecar, ownSettings ?? settings, ownsSidecar: ownSidecar is not null, DatabaseName);
        await replica.Run();
        return replica;
    }

    /// <summary>The crash.</summary>
    public void Kill() => process!.Kill();

    /// <summary>Ends the program as an orchestrator does, and starts it again on the same data.</summary>
    public async Task StopAndStartAgain()
    {
        await process!.Stop();
        await process.DisposeAsync();
        await Run();
    }

    /// <summary>Ends the program the hard way, and starts it again on the same data.</summary>
    public async Task KillAndStartAgain()
    {
        process!.Kill();
        await process.DisposeAsync();
        await Run();
    }

    /// <summary>Asks the program to end; it goes on for as long as its own work takes.</summary>
    public void AskToStop() => process!.Terminate();

    /// <summary>Waits for the end that was asked for, and starts the program again on the same data.</summary>
    public async Task StartAgainAfterStop()
    {
        (await process!.WaitForExit(TimeSpan.FromSeconds(30))).ShouldBe(0, process.Tail());
        await process.DisposeAsync();
        await Run();
    }

    /// <summary>Runs the program to its end, to bring the schema up to date.</summary>
    public async Task<(int Code, IReadOnlyCollection<string> Said)> Migrate()
    {
        await using var migration = ChildProcess.Start($"{AppId} migrate", "dotnet", [Program, "migrate"], environment, folder.Path);
        return (await migration.WaitForExit(TimeSpan.FromMinutes(2)), migration.Output);
    }

    /// <summary>Changes the database behind the service's back, as when time had passed.</summary>
    public Task Change(string sql) => Execute(sql);

    /// <summary>Ends the program the gentle way, and says how it ended.</summary>
    public Task<int> Stop()
    {
        process!.Terminate();
        return process.WaitForExit(TimeSpan.FromSeconds(30));
    }

    /// <summary>Delivers to the topic's subscription as a sidecar does, and gives the answer: SUCCESS or RETRY.</summary>
    public async Task<string> Deliver(string topic, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/events/{topic}") { Content = new StringContent(body, Encoding.UTF8, new System.Net.Http.Headers.MediaTypeHeaderValue("application/cloudevents+json")) };
        foreach (var (header, value) in headers)
            request.Headers.Add(header, value);
        using var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue($"{answer.StatusCode}: {text}\n{string.Join('\n', Output.TakeLast(20))}");
        return (string)JsonNode.Parse(text)!["status"]!;
    }

    /// <summary>Delivers events to a topic's bulk subscription in one call, and gives the answer that each of them got.</summary>
    public Task<string> DeliverBulk(string topic, IEnumerable<string> events) =>
        Deliver(topic, events.Select((e, i) => $$"""{"entryId":"{{i}}","event":{{e}},"contentType":"application/cloudevents+json"}"""));

    /// <summary>The same for a raw topic: the bytes come in base64, with what the broker knows of them.</summary>
    public Task<string> DeliverRaw(string topic, IEnumerable<string> records, params (string Name, string Value)[] metadata)
    {
        var known = string.Join(',', metadata.Select(m => $"{JsonValue.Create(m.Name).ToJsonString()}:{JsonValue.Create(m.Value).ToJsonString()}"));
        return Deliver(topic, records.Select((record, i) =>
            $$"""{"entryId":"{{i}}","event":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(record))}}","contentType":"application/octet-stream","metadata":{ {{known}} } }"""));
    }

    async Task<string> Deliver(string topic, IEnumerable<string> bulk)
    {
        var entries = string.Join(',', bulk);
        using var answer = await Http.PostAsync($"/events/{topic}", new StringContent($$"""{"id":"b","entries":[{{entries}}],"topic":"{{topic}}"}""", Encoding.UTF8, "application/json"));
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue($"{answer.StatusCode}: {text}\n{string.Join('\n', Output.TakeLast(20))}");
        return JsonNode.Parse(text)!["statuses"]!.AsArray().Select(status => (string)status!["status"]!).Distinct().ShouldHaveSingleItem();
    }

    public async Task<JsonNode> Get(string path) => (await Http.GetFromJsonAsync<JsonNode>(path))!;

    public async Task<IReadOnlyList<string>> Query(string sql)
    {
        await using var connection = Connection(SqliteOpenMode.ReadOnly);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own text.
        command.CommandText = sql;
#pragma warning restore CA2100
        var rows = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader[i], System.Globalization.CultureInfo.InvariantCulture))));
        return rows;
    }

    /// <summary>Changes the service's data behind its back.</summary>
    public async Task Execute(string sql)
    {
        await using var connection = Connection(SqliteOpenMode.ReadWrite);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own text.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>What /metrics shows under the name for the label, such as <c>queue="outbox"</c>; 0 where it shows nothing.</summary>
    public async Task<double> Metric(string metric, string label) => (await Http.GetStringAsync("/metrics")).Split('\n')
        .Where(line => line.StartsWith(metric, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));

    public async Task<int> Count(string fromAndWhere) => int.Parse((await Query($"SELECT count(*) FROM {fromAndWhere}"))[0], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The dead letters that the service has sent.</summary>
    public IReadOnlyList<JsonNode> DeadLetters => [.. Sidecar.PublishedOn("dlq.events").Select(r => r.Data)];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (process is not null)
        {
            process.Kill();
            await process.DisposeAsync();
        }

        if (ownsSidecar)
            await Sidecar.DisposeAsync();
        folder.Dispose();
    }

    DbConnection Connection(SqliteOpenMode mode) => database is Database.Postgres
        ? new NpgsqlConnection(postgres!.ConnectionString(DatabaseName) + $";Search Path={Schema};Pooling=false")
        : new SqliteConnection($"Data Source={folder.File(AppId + ".db")};Mode={mode};Pooling=false");

    async Task Run()
    {
        process = ChildProcess.Start(AppId, "dotnet", [Program], environment, folder.Path);
        await process.WaitUntil(async () => (await Http.GetAsync("/health")).IsSuccessStatusCode, TimeSpan.FromSeconds(60));
        await WarmUp();
    }

    /// <summary>What is asked for the first time may take longer than the service waits for others, on a busy machine. Nobody is to know of these.</summary>
    async Task WarmUp()
    {
        switch (AppId)
        {
            case Contracts.AppIds.Analytics:
                await Http.GetAsync($"/orders/{Contracts.Ids.NewOrder()}/story");
                break;
            case Contracts.AppIds.Cart:
                await Http.GetAsync("/cart/first-of-all");
                await Http.PostAsJsonAsync("/cart/first-of-all/items", new { product_id = "PROD-NONE", quantity = 1 });
                break;
        }
    }

    async Task CreateSchema()
    {
        await postgres!.CreateDatabase(DatabaseName);
        await using var connection = await postgres.Open(DatabaseName);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100
        command.CommandText = $"DO $$ BEGIN CREATE ROLE {Schema}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; CREATE SCHEMA {Schema} AUTHORIZATION {Schema}";
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>One PostgreSQL server for all tests of this project, started by the first that wants it; each service gets a database of its own.</summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    static readonly SemaphoreSlim Gate = new(1, 1);
    static PostgresServer? server;

    public static async Task<PostgresServer> Get()
    {
        await Gate.WaitAsync();
        try
        {
            return server ??= await PostgresServer.Start();
        }
        finally
        {
            Gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
    }
}
