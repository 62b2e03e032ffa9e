using Npgsql;

namespace Ecom.Tests.Support;

/// <summary>A PostgreSQL server of its own on a free port, from its program or in Docker, without fsync: it outlives its own crash, not a power cut.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    static readonly string[] Hasty = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"];
    readonly TempFolder folder = new("postgres");
    readonly IServer server;

    PostgresServer()
    {
        if (Runtimes.InDocker(Runtime.Postgres))
            server = new ServerContainer(ServerContainer.Of("postgres").WithPortBinding(Port, 5432).WithEnvironment("POSTGRES_USER", User).WithEnvironment("POSTGRES_PASSWORD", Password)
                .WithCommand(["postgres", .. Hasty]));
        else
        {
            var (program, arguments) = AsPostgres("postgres", ["-D", Data, "-h", Host, "-p", $"{Port}", "-k", folder.Path, .. Hasty]);
            server = new ServerProcess("postgres", program, arguments);
        }
    }

    public string Host => "127.0.0.1";

    public int Port { get; } = Ports.Free();

    public string User => "ecom";

    public string Password { get; } = Guid.NewGuid().ToString("N");

    string Data => folder.File("data");

    public static async Task<PostgresServer> Start()
    {
        var postgres = new PostgresServer();
        if (!Runtimes.InDocker(Runtime.Postgres))
            await postgres.Initialize();
        await postgres.StartServer();
        return postgres;
    }

    async Task Initialize()
    {
        var password = folder.Write("password", Password);
        if (Environment.IsPrivilegedProcess)
            await ChildProcess.Run("chown", ["-R", "postgres", folder.Path]);
        var (program, arguments) = AsPostgres("initdb", "-D", Data, "-U", User, "-A", "password", $"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        await ChildProcess.Run(program, arguments);
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
        server.Kill();
        // The tests' own connections died with it.
        NpgsqlConnection.ClearAllPools();
    }

    public Task StartServer() => server.Start(Answers, TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
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
