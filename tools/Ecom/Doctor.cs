using System.CommandLine;
using System.Diagnostics;
using System.Net.Sockets;
using Ecom.Sidecar.Processes;

namespace Ecom.Tool;

/// <summary>What this machine has for each way of running, and the one line that gets what it lacks.</summary>
static class Doctor
{
    sealed record Check(string What, Func<CancellationToken, Task<string?>> Find, Func<string> Get)
    {
        public Check(string what, Func<CancellationToken, Task<string?>> find, string get)
            : this(what, find, () => get)
        {
        }
    }

    public static Command Command()
    {
        var command = new Command("doctor", "Say what this machine has and lacks for each way of running, and how to get it. Exit code 1 when not even the embedded way can run.");
        command.SetAction((_, cancel) => Run(cancel));
        return command;
    }

    static async Task<int> Run(CancellationToken cancel)
    {
        var embedded = await Way("embedded (ecom up, ecom demo)", [Sdk, Built, FreePorts], cancel);
        await Way("Dapr multi-app run (dapr run -f dapr.yaml)", [Sdk, Built, FreePorts, Cli, Daprd, Placement, Scheduler, Kafka, PostgreSqlServer, Redis, Mail], cancel);
        await Way("compose (docker compose up)", [DockerEngine, DockerCompose, DockerMemory], cancel);
        await Way("Kubernetes (deploy/k8s)", [Kubectl, Cli], cancel);
        await Way("Spark jobs (run-spark-job.sh)", [Sdk, Spark, Kafka], cancel);
        return embedded ? Exit.Ok : Exit.NotSo;
    }

    static async Task<bool> Way(string name, Check[] needs, CancellationToken cancel)
    {
        var found = await Task.WhenAll(needs.Select(need => need.Find(cancel)));
        var ready = found.All(answer => answer is not null);
        Terminal.Line($"[bold]{name}[/]: {(ready ? Terminal.Green("ready") : Terminal.Yellow("not ready"))}");
        foreach (var (need, answer) in needs.Zip(found))
            if (answer is not null)
                Terminal.Line($"  [green]has[/]    {need.What}: {answer}");
            else
                Terminal.Line($"  [yellow]lacks[/]  {need.What}; to get it: {need.Get()}");
        return ready;
    }

    static readonly Check Sdk = new(".NET SDK 10", async cancel => await Says("dotnet", "--version", cancel) is { } version && Major(version) >= 10 ? version : null,
        "https://dotnet.microsoft.com/download/dotnet/10.0");

    static readonly Check Built = new("built services", _ =>
    {
        var missing = Shop.Services.Values.Where(service => !File.Exists(Repository.Program(service))).ToArray();
        return Task.FromResult(missing.Length == 0 ? $"{Shop.Services.Count} programs" : null);
    }, "dotnet build EcomDapr.sln");

    static readonly Check FreePorts = new("the ports of dapr.yaml", _ => Task.FromResult(TakenPorts().Length == 0 ? "free" : null), () => $"stop {TakenPorts()}");

    static readonly Check Cli = new("dapr CLI", async cancel => (await Says("dapr", "--version", cancel))?.Replace("CLI version:", "").Trim(),
        "https://docs.dapr.io/getting-started/install-dapr-cli/");

    static readonly Check Daprd = new("daprd", async cancel => await Says(DaprProgram("daprd"), "--version", cancel), "dapr init");

    static readonly Check Placement = new("placement service", cancel => Listens("localhost:50005", "localhost:6050", cancel),
        "dapr init (or: placement --port 50005)");

    static readonly Check Scheduler = new("scheduler service", cancel => Listens("localhost:50006", "localhost:6060", cancel),
        "dapr init (or: scheduler --port 50006 --etcd-data-dir DIR)");

    static readonly Check Kafka = new("Kafka", cancel => Listens(Setting("KAFKA_BROKERS", "localhost:9092"), null, cancel),
        Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 }
            ? "$KAFKA_HOME/bin/kafka-server-start.sh server.properties"
            : "docker run -d -p 9092:9092 apache/kafka:4.3.1");

    static readonly Check PostgreSqlServer = new("PostgreSQL", cancel => Listens($"{Setting("POSTGRES_HOST", "localhost")}:{Setting("POSTGRES_PORT", "5432")}", null, cancel),
        "docker run -d -p 5432:5432 -e POSTGRES_PASSWORD postgres:17");

    static readonly Check Redis = new("Redis", cancel => Listens(Setting("REDIS_HOST", "localhost:6379"), null, cancel), "docker run -d -p 6379:6379 redis:8");

    static readonly Check Mail = new("SMTP server", cancel => Listens($"{Setting("SMTP_HOST", "localhost")}:{Setting("SMTP_PORT", "1025")}", null, cancel),
        "dotnet run --project tools/Ecom -- mail");

    static readonly Check DockerEngine = new("Docker Engine", async cancel => await Says("docker", "version --format {{.Server.Version}}", cancel),
        "https://docs.docker.com/engine/install/");

    static readonly Check DockerCompose = new("Docker Compose", async cancel => await Says("docker", "compose version --short", cancel),
        "https://docs.docker.com/compose/install/");

    static readonly Check DockerMemory = new("5 GB for Docker", async cancel =>
        long.TryParse(await Says("docker", "info --format {{.MemTotal}}", cancel), out var bytes) && bytes > 5_000_000_000 ? $"{bytes / 1_000_000_000.0:0.0} GB" : null,
        "raise Docker's limit of memory; with everything in COMPOSE_PROFILES it is 10 GB");

    static readonly Check Kubectl = new("kubectl", async cancel => await Says("kubectl", "version --client", cancel), "https://kubernetes.io/docs/tasks/tools/");

    static readonly Check Spark = new("Spark Connect", async cancel =>
        await ListensSpark(cancel)
        ?? (Environment.GetEnvironmentVariable("SPARK_HOME") is { Length: > 0 } home && Directory.Exists(home) ? "SPARK_HOME, started for the time of a job" : null),
        "https://spark.apache.org/downloads.html (4.x, unpack it and set SPARK_HOME)");

    public static string SparkServer => Setting("SPARK_REMOTE", "sc://localhost:15002");

    public static Task<string?> ListensSpark(CancellationToken cancel) => Listens(SparkServer.Replace("sc://", "").Split('/')[0], null, cancel);

    /// <summary>Such as "java (pid 4711) on 3601 and 8003"; a port whose holder the system does not tell stands alone.</summary>
    static string TakenPorts()
    {
        var addresses = Addresses.Read(new(Attach: false, Isolated: false, Json: false, null, 0, TimeSpan.Zero));
        var taken = addresses.Apps.SelectMany(app => new[] { app.AppPort, app.HttpPort, app.GrpcPort }).Append(addresses.MailPort).Where(port => !Ports.IsFree(port));
        return string.Join(", ", taken.GroupBy(port => PortHolder.Of(port) ?? "the program").Select(holder => $"{holder.Key} on {string.Join(" and ", holder)}"));
    }

    static int Major(string version) => int.TryParse(version.Split('.')[0], out var major) ? major : 0;

    static string Setting(string name, string otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;

    /// <summary>dapr init puts its programs below the home folder, or below DAPR_RUNTIME_PATH, not on the PATH.</summary>
    static string DaprProgram(string name)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var chosen = Environment.GetEnvironmentVariable("DAPR_RUNTIME_PATH") is { Length: > 0 } path ? path : home;
        string[] folders = [Path.Combine(chosen, ".dapr", "bin"), chosen];
        string[] names = [name, name + ".exe"];
        return folders.SelectMany(folder => names.Select(file => Path.Combine(folder, file))).FirstOrDefault(File.Exists) ?? name;
    }

    static async Task<string?> Listens(string brokers, string? otherwise, CancellationToken cancel)
    {
        foreach (var address in brokers.Split(',').Append(otherwise).OfType<string>())
        {
            var colon = address.LastIndexOf(':');
            if (colon < 0 || !int.TryParse(address[(colon + 1)..], out var port))
                continue;
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(address[..colon], port, cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(2), cancel);
                return $"answers at {address}";
            }
            catch (Exception unreachable) when (unreachable is SocketException or TimeoutException or ArgumentException)
            {
            }
        }
        return null;
    }

    static async Task<string?> Says(string program, string arguments, CancellationToken cancel)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(10));
            var answer = process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? (await answer).Split('\n')[0].Trim() : null;
        }
        catch (Exception absent) when (absent is System.ComponentModel.Win32Exception || absent is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }
}
