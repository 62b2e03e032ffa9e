using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The shop as `docker compose up` runs it, as a project of its own on ports of its own; started once for all tests of the class.</summary>
public sealed class ComposeWorld : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What shells, YAML and connection strings like to take apart.</summary>
    const string Password = "p$a'ss@w:1";
    static readonly string[] OneShot = ["run", "--rm", "--no-deps", "--no-TTY"];
    readonly TempFolder folder = new("compose");
    readonly RunFile run = RunFile.Shifted();
    readonly int postgresPort = Ports.Free(), prometheusPort = Ports.Free();
    HeavyLock? heavy;

    public ComposeWorld() => Customer = new Customer(run);

    public Customer Customer { get; }

    public Uri Prometheus => new($"http://127.0.0.1:{prometheusPort}");

    public Uri Address(string appId, string path) => new($"http://127.0.0.1:{run.AppPort(appId)}/{path}");

    string Project { get; } = $"ecom-test-{Guid.NewGuid().ToString("N")[..6]}";

    public async ValueTask InitializeAsync()
    {
        // Each test needs the same and is skipped.
        if (!Runtimes.Has(Runtime.Docker))
            return;
        heavy = await HeavyLock.Take();
        folder.Write("env", $"""
            POSTGRES_PASSWORD="{Password.Replace("$", "\\$")}"
            REDIS_PASSWORD="{Password.Replace("$", "\\$")}"
            APP_API_TOKEN=it-is-me
            DAPR_API_TOKEN=let-me-in
            ECOM_ADMIN_KEY={EndToEnd.Customer.Key}
            """);
        var ports = run.AppIds.Select(app => (Name: app.Replace("-service", "-pod"), Publish: $"\"127.0.0.1:{run.AppPort(app)}:8080\"")).Append(("postgres", $"\"127.0.0.1:{postgresPort}:5432\""))
            .Append(("prometheus", $"\"127.0.0.1:{prometheusPort}:9090\""))
            .Concat(new[] { "kafka-1", "kafka-2", "kafka-3", "redis", "mail", "placement", "spark-master", "spark-worker-1", "spark-worker-2", "spark-connect" }.Select(name => (name, "")));
        folder.Write("ports.yml", $"services:\n{string.Concat(ports.Select(port => $"  {port.Item1}: {{ ports: !override [{port.Item2}] }}\n"))}");
        await Compose("--profile", "spark", "build");
        await Up();
    }

    public async ValueTask DisposeAsync()
    {
        Customer.Dispose();
        if (heavy is not null)
            await Compose("--profile", "*", "down", "--volumes", "--timeout", "5");
        heavy?.Dispose();
        folder.Dispose();
    }

    /// <summary>Until everything is healthy; fails when something does not become so.</summary>
    /// <param name="profile">What runs beside the shop.</param>
    public Task Up(string profile = "shop") => Compose("--profile", profile, "up", "--detach", "--wait", "--wait-timeout", "400");

    public Task<string> Compose(params string[] arguments) => ChildProcess.Run("docker", Arguments(arguments), deadline: Patience);

    /// <summary>For what shall fail.</summary>
    public ChildProcess Start(params string[] arguments) => ChildProcess.Start("docker compose", "docker", Arguments(arguments));

    /// <summary>The project's own command-line tool, as a person uses it beside the containers; fails when the tool does.</summary>
    public Task<string> Tool(params string[] arguments) => ChildProcess.Run(
        "dotnet", [Repository.Tool, .. arguments, "--port-offset", $"{run.Offset}"],
        new Dictionary<string, string?>
        {
            ["POSTGRES_HOST"] = "127.0.0.1",
            ["POSTGRES_PORT"] = $"{postgresPort}",
            ["POSTGRES_DB"] = "kafka_ecom",
            ["POSTGRES_USER"] = "ecom",
            ["POSTGRES_PASSWORD"] = Password,
            ["ECOM_ADMIN_KEY"] = EndToEnd.Customer.Key,
        },
        Repository.Root, TimeSpan.FromMinutes(5));

    public Task<string> Sql(string sql) => Compose("exec", "--no-TTY", "postgres", "psql", "-U", "ecom", "-d", "kafka_ecom", "-v", "ON_ERROR_STOP=1", "-Atc", sql);

    /// <summary>The tool once more, in a container of its own: `setup`, or another verb.</summary>
    public static string[] Setup(params string[] verb) => [.. OneShot, "setup", .. verb];

    /// <param name="setting">Such as <c>TZ=UTC</c>.</param>
    public static string[] SetupWith(string setting) => [.. OneShot, "--env", setting, "setup"];

    string[] Arguments(string[] arguments) =>
        ["compose", "--project-name", Project, "--file", Repository.File("docker-compose.yml"), "--file", folder.File("ports.yml"), "--env-file", folder.File("env"), "--profile", "shop", .. arguments];
}
