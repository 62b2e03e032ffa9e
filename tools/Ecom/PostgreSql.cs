using Npgsql;

namespace Ecom.Tool;

/// <summary>Where PostgreSQL is, by the settings that the services read too.</summary>
static class PostgreSql
{
    public const string Database = "kafka_ecom";

    public static NpgsqlConnectionStringBuilder? FromEnvironment()
    {
        if (Setting.Text("ConnectionStrings__Db") is { } whole)
            return Parsed(whole);
        if (Setting.Text("POSTGRES_HOST") is not { } host)
            return null;
        return new()
        {
            Host = host,
            Port = Setting.Number("POSTGRES_PORT", 5432, 1, 65535, text => $"POSTGRES_PORT is '{text}', not a port"),
            Database = Setting.Text("POSTGRES_DB") ?? Database,
            Username = Setting.Text("POSTGRES_USER") ?? "postgres",
            Password = Setting.Text("POSTGRES_PASSWORD"),
            // As in the services: Kerberos' library, which not every machine has, is not looked for.
            GssEncryptionMode = GssEncryptionMode.Disable,
        };
    }

    /// <summary>The schema, and the role, of a service.</summary>
    public static string Schema(string app) => app.Replace('-', '_');

    public static string Connection(NpgsqlConnectionStringBuilder server, string app, bool mayWrite) => new NpgsqlConnectionStringBuilder(server.ConnectionString)
    {
        SearchPath = Schema(app),
        Options = $"-c default_transaction_read_only={(mayWrite ? "off" : "on")}",
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
}
