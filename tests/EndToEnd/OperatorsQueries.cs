using System.Diagnostics;
using System.Text.RegularExpressions;
using Ecom.Tests.Support;
using Npgsql;

namespace Ecom.Tests.EndToEnd;

/// <summary>A PostgreSQL as `ecom setup` leaves it, with something wrong of each kind in it.</summary>
public sealed class FilledPostgres : IAsyncLifetime
{
    PostgresServer? server;

    public PostgresServer Server => server!;

    public Dictionary<string, string?> Environment => new()
    {
        ["POSTGRES_HOST"] = Server.Host,
        ["POSTGRES_PORT"] = $"{Server.Port}",
        ["POSTGRES_DB"] = Backends.Database,
        ["POSTGRES_USER"] = Server.User,
        ["POSTGRES_PASSWORD"] = Server.Password,
        ["ConnectionStrings__Db"] = null,
        ["KAFKA_BROKERS"] = null,
    };

    public async ValueTask InitializeAsync()
    {
        // Each test needs the same and is skipped.
        if (!Runtimes.Has(Runtime.Postgres))
            return;
        server = await PostgresServer.Start();
        await ChildProcess.Run("dotnet", [Repository.Tool, "setup"], Environment, Repository.Root, TimeSpan.FromMinutes(3));
        await using var connection = await server.Open(Backends.Database);
        await using var fill = new NpgsqlCommand(await File.ReadAllTextAsync(Repository.File("tests/EndToEnd/queries-fill.sql")), connection);
        await fill.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
    }
}

/// <summary>What operators are given to ask with: pgAdmin_queries.sql and the recipes.</summary>
[Needs(Runtime.Postgres)]
public sealed partial class OperatorsQueries(FilledPostgres postgres) : IClassFixture<FilledPostgres>
{
    public static TheoryData<string> Queries => [.. Parse().Select(query => query.Question)];

    [Fact]
    public void There_are_more_than_fifty_and_each_says_what_it_asks()
    {
        var queries = Parse();

        queries.Count.ShouldBeGreaterThan(50);
        queries.Select(query => query.Question).ShouldBeUnique();
        queries.ShouldAllBe(query => query.Question.Length > 10);
    }

    [Theory, MemberData(nameof(Queries))]
    public async Task A_query_finds_what_it_asks_for(string question)
    {
        await using var connection = await postgres.Server.Open(Backends.Database);
        await using var leads = new NpgsqlCommand("SELECT pg_advisory_lock(1)", connection);
        await leads.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var query = Parse().Single(query => query.Question == question);

        await using var command = new NpgsqlCommand(query.Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);

        // Nobody waits here, and nothing takes five seconds.
        if (!question.StartsWith("Who waits for whom", StringComparison.Ordinal) && !question.StartsWith("What runs longer", StringComparison.Ordinal))
            reader.HasRows.ShouldBeTrue(query.Sql);
    }

    /// <summary>As psql and pgAdmin take the file: all of it in one go.</summary>
    [Fact]
    public async Task The_file_runs_from_top_to_bottom_in_psql()
    {
        var output = await Shell($"psql -v ON_ERROR_STOP=1 -q -f '{Repository.File("pgAdmin_queries.sql")}'", ("PGHOST", postgres.Server.Host), ("PGPORT", $"{postgres.Server.Port}"),
            ("PGDATABASE", Backends.Database), ("PGUSER", postgres.Server.User), ("PGPASSWORD", postgres.Server.Password));

        output.ShouldContain("ORD-GOOD");
    }

    [Fact]
    [Needs(Runtime.Redis)]
    public async Task The_recipes_run_as_they_stand_in_the_docs()
    {
        await using var redis = await RedisServer.Start();
        var page = await File.ReadAllTextAsync(Repository.File("docs/recipes.md"), TestContext.Current.CancellationToken);
        var script = string.Join('\n', Blocks().Matches(page).Select(block => block.Groups[1].Value));

        var output = await Shell($"set -euo pipefail\n{script}", [.. postgres.Environment.Select(setting => (setting.Key, setting.Value ?? "")), ("REDIS_HOST", redis.Host), ("REDIS_PASSWORD", "")]);

        script.Split('\n').Count(line => line.StartsWith("psql ", StringComparison.Ordinal)).ShouldBeGreaterThan(3);
        script.Split('\n').Count(line => line.StartsWith("redis ", StringComparison.Ordinal)).ShouldBeGreaterThan(3);
        output.ShouldContain("ORD-GOOD");
        output.ShouldContain("PONG");
    }

    static async Task<string> Shell(string script, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Repository.Root };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        using var shell = Process.Start(start)!;
        var (said, wrong) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        await shell.WaitForExitAsync();
        (shell.ExitCode, await wrong).ShouldBe((0, ""), await said);
        return await said;
    }

    static IReadOnlyList<(string Question, string Sql)> Parse() =>
        [.. Query().Matches(File.ReadAllText(Repository.File("pgAdmin_queries.sql"))).Select(match => (match.Groups[1].Value.Trim(), match.Groups[2].Value))];

    /// <summary>A comment line, and the query that it belongs to.</summary>
    [GeneratedRegex(@"(?m)^-- ([^#\r\n][^\r\n]*)\r?\n((?:SELECT|WITH) [^;]*;)")]
    private static partial Regex Query();

    [GeneratedRegex(@"(?s)```bash\n(.*?)```")]
    private static partial Regex Blocks();
}
