using Npgsql;

namespace Ecom.Tests.Support;

/// <summary>A PostgreSQL server of its own on a free port, without fsync: it outlives its own crash, not a power cut.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    readonly TempFolder folder = new("postgres");
    ChildProcess? server;

    PostgresServer()
    {
    }

    public string Host => "127.0.0.1";

    public int Port { get; } = Ports.Free();

    public string User => "ecom";

    public string Password { get; } = Guid.NewGuid().ToString("N");

    string Data => folder.File("data");

    public static async Task<PostgresServer> Start()
    {
        var postgres = new PostgresServer();
        var password = postgres.folder.Write("password", postgres.Password);
        if (Environment.IsPrivilegedProcess)
            await ChildProcess.Run("chown", ["-R", "postgres", postgres.folder.Path]);
        var (program, arguments) = AsPostgres("initdb", "-D", postgres.Data, "-U", postgres.User, "-A", "password", $"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        await ChildProcess.Run(program, arguments);
        await postgres.StartServer();
        return postgres;
    }

    public string ConnectionString(string database = "postgres") =>
        $"Host={Host};Port={Port};Database={database};Username={User};Password={Password};Include Error Detail=true";

    public async Task<NpgsqlConnection> Open(string database = "postgres")
    {
        var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync();
        return connection;
    }

    public async Task CreateDatabase(string name)
    {
        await using var connection = await Open();
        await using var command = new NpgsqlCommand($"CREATE DATABASE \"{name}\"", connection);
        await command.ExecuteNonQueryAsync();
    }

    public void Kill()
    {
        server!.Kill();
        // The tests' own connections died with it.
        NpgsqlConnection.ClearAllPools();
    }

    public async Task StartServer()
    {
        if (server is not null)
            await server.DisposeAsync();
        var (program, arguments) = AsPostgres(
            "postgres", "-D", Data, "-h", Host, "-p", $"{Port}", "-k", folder.Path, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200");
        server = ChildProcess.Start("postgres", program, arguments);
        await server.WaitUntil(Answers, TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
            server.Interrupt();
            await server.WaitForExit(TimeSpan.FromSeconds(20));
            await server.DisposeAsync();
        }

        folder.Dispose();
    }

    async Task<bool> Answers()
    {
        await using var connection = new NpgsqlConnection(ConnectionString() + ";Pooling=false;Timeout=2");
        await connection.OpenAsync();
        return true;
    }

    /// <summary>PostgreSQL refuses to run as root. setpriv replaces itself by the program, so its process id is the server's.</summary>
    static (string Program, string[] Arguments) AsPostgres(string name, params string[] arguments)
    {
        var program = Runtimes.PostgresProgram(name) ?? throw new InvalidOperationException($"{name} is not on this machine.");
        return Environment.IsPrivilegedProcess
            ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", program, .. arguments])
            : (program, arguments);
    }
}
