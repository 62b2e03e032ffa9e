using Npgsql;

namespace Ecom.Tool;

/// <summary>Where PostgreSQL is, by the settings that the services read too.</summary>
static class PostgreSql
{
    public const string Database = "kafka_ecom";

    public static NpgsqlConnectionStringBuilder? FromEnvironment()
    {
        if (Setting("ConnectionStrings__Db") is { } whole)
            return Parsed(whole);
        if (Setting("POSTGRES_HOST") is not { } host)
            return null;
        var port = Setting("POSTGRES_PORT") ?? "5432";
        return new()
        {
            Host = host,
            Port = int.TryParse(port, out var number) && number is > 0 and < 65536 ? number : throw new ToolError($"POSTGRES_PORT is '{port}', not a port"),
            Database = Setting("POSTGRES_DB") ?? Database,
            Username = Setting("POSTGRES_USER") ?? "postgres",
            Password = Setting("POSTGRES_PASSWORD"),
        };
    }

    /// <summary>The schema, and the role, of a service.</summary>
    public static string Schema(string app) => app.Replace('-', '_');

    public static string ReadOnly(NpgsqlConnectionStringBuilder server, string app) => new NpgsqlConnectionStringBuilder(server.ConnectionString)
    {
        SearchPath = Schema(app),
        Options = "-c default_transaction_read_only=on",
        Pooling = false,
        Timeout = 5,
    }.ToString();

    static NpgsqlConnectionStringBuilder Parsed(string whole)
    {
        try
        {
            return new(whole);
        }
        catch (ArgumentException wrong)
        {
            throw new ToolError($"ConnectionStrings__Db cannot be read: {wrong.Message}");
        }
    }

    static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
