using System.Diagnostics;

namespace Ecom.Tests.Support;

[Flags]
public enum Runtime
{
    Dapr = 1,
    Kafka = 2,
    Spark = 4,
    Postgres = 8,
    Redis = 16,
    Docker = 32,

    /// <summary>For what starts Spark's own programs.</summary>
    SparkHome = 64,

    /// <summary>For what runs Kafka's own scripts.</summary>
    KafkaHome = 512,

    /// <summary>A Spark, unpacked here, that can write to PostgreSQL.</summary>
    SparkJdbc = 1024,

    /// <summary>The programs of an earlier release, for a rolling update.</summary>
    EarlierRelease = 2048,

    /// <summary>With promtool, for the boards' questions and the alerts.</summary>
    Prometheus = 128,

    /// <summary>A browser without a window.</summary>
    Chromium = 256,

    /// <summary>What the shop needs in its real way: everything but Spark.</summary>
    RealWorld = Dapr | Kafka | Postgres | Redis,
}

/// <summary>Finds the real programs; a test that lacks one is skipped with the reason and the way to get it.</summary>
public static class Runtimes
{
    const string UnpackedSpark = "Apache Spark 4: unpack https://spark.apache.org/downloads.html, then SPARK_HOME=DIR (and Java 17 on PATH)";

    /// <summary>The docker program, if its daemon answers and it has Compose; asked once.</summary>
    static readonly Lazy<string?> WorkingDocker = new(() => OnPath("docker") is { } docker && Succeeds(docker, "version") && Succeeds(docker, "compose", "version") ? docker : null);

    static readonly Dictionary<Runtime, (Func<string?> Find, string Get)> Known = new()
    {
        [Runtime.Dapr] = (() => Native(Runtime.Dapr) ?? WorkingDocker.Value, "Dapr's runtime: `dapr init --slim --runtime-path DIR`, then DAPR_RUNTIME_PATH=DIR; or Docker"),
        [Runtime.Kafka] = (() => Native(Runtime.Kafka) ?? WorkingDocker.Value,
            "Apache Kafka 4: unpack https://kafka.apache.org/downloads, then KAFKA_HOME=DIR (and Java 17 on PATH); or Docker"),
        [Runtime.Spark] = (() => Native(Runtime.Spark) ?? WorkingDocker.Value, $"{UnpackedSpark}; or Docker"),
        [Runtime.SparkHome] = (() => Native(Runtime.Spark), UnpackedSpark),
        [Runtime.KafkaHome] = (() => Native(Runtime.Kafka), "Apache Kafka 4: unpack https://kafka.apache.org/downloads, then KAFKA_HOME=DIR (and Java 17 on PATH)"),
        [Runtime.SparkJdbc] = (() => Native(Runtime.Spark) is null ? null : Directory.EnumerateFiles(Path.Combine(SparkHome, "jars"), "postgresql-*.jar").FirstOrDefault(),
            "PostgreSQL's driver in Spark: https://jdbc.postgresql.org/download/ into SPARK_HOME/jars"),
        [Runtime.Postgres] = (() => Native(Runtime.Postgres) ?? WorkingDocker.Value, "PostgreSQL: `apt-get install postgresql`, or Docker"),
        [Runtime.Redis] = (() => Native(Runtime.Redis) ?? WorkingDocker.Value, "Redis: `apt-get install redis-server`, or Docker"),
        [Runtime.Prometheus] = (() => OnPath("promtool") is null ? null : OnPath("prometheus"), "Prometheus with promtool: `apt-get install prometheus`"),
        [Runtime.Chromium] = (() => Chromium, "Chromium: `apt-get install chromium`, or CHROMIUM=PROGRAM"),
        [Runtime.EarlierRelease] = (() => UnderVariable("EARLIER_RELEASE", "tools/Ecom/bin/ecom.dll"), "a release of before, unpacked and built (`dotnet build tools/Ecom`), then EARLIER_RELEASE=DIR"),
        [Runtime.Docker] = (() => WorkingDocker.Value, "Docker Engine with Compose: https://docs.docker.com/engine/install/, and its daemon running"),
    };

    public static string DaprRuntimePath => Variable("DAPR_RUNTIME_PATH");

    public static string KafkaHome => Variable("KAFKA_HOME");

    public static string SparkHome => Variable("SPARK_HOME");

    public static string EarlierRelease => Variable("EARLIER_RELEASE");

    /// <summary>The browser's program; null where there is none.</summary>
    public static string? Chromium => Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } program && File.Exists(program)
        ? program
        : ((string[])["chromium", "chromium-browser", "google-chrome"]).Select(OnPath).FirstOrDefault(found => found is not null);

    /// <summary>For <c>dapr run</c>, which wants Dapr's own programs beside it; null where either is missing.</summary>
    public static string? DaprCli => InDocker(Runtime.Dapr) ? null : OnPath("dapr");

    public static string DaprProgram(string name) => Path.Combine(DaprRuntimePath, ".dapr", "bin", name);

    public static bool Has(Runtime runtimes) => Known.All(r => !runtimes.HasFlag(r.Key) || r.Value.Find() is not null);

    /// <summary>Whether the server runs in a container, because its program is not here.</summary>
    public static bool InDocker(Runtime server) => Native(server) is null;

    /// <summary>What this machine lacks of the runtimes, and how to get it; null when it has them all.</summary>
    public static string? Lacking(Runtime runtimes) => Has(runtimes)
        ? null
        : $"Needs what this machine lacks: {string.Join("; ", Known.Where(r => runtimes.HasFlag(r.Key) && r.Value.Find() is null).Select(r => $"{r.Key} ({r.Value.Get})"))}.";

    /// <summary>
    /// Skips the test; for a test class's constructor or InitializeAsync. Within a test's body <see cref="NeedsAttribute"/> is the way: an assertion
    /// around it would see the skip as the test's own exception. And a fixture that throws it fails its tests.
    /// </summary>
    public static void Require(Runtime runtimes)
    {
        if (Lacking(runtimes) is { } reason)
            Assert.Skip(reason);
    }

    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Debian keeps PostgreSQL's server programs off the PATH, in a folder per version.</summary>
    public static string? PostgresProgram(string name)
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian) ? Directory.GetDirectories(debian) : [];
        return OnPath(name) ?? versions.OrderDescending().Select(v => Path.Combine(v, "bin", name)).FirstOrDefault(File.Exists);
    }

    /// <summary>The server's own program. TESTS_IN_DOCKER hides it, to see the other way on a machine that has both.</summary>
    static string? Native(Runtime server) => Environment.GetEnvironmentVariable("TESTS_IN_DOCKER") is { Length: > 0 } ? null : server switch
    {
        Runtime.Postgres => Environment.IsPrivilegedProcess && OnPath("setpriv") is null ? null : PostgresProgram("initdb"),
        Runtime.Redis => OnPath("redis-server"),
        Runtime.Kafka => OnPath("java") is null ? null : UnderVariable("KAFKA_HOME", "bin/kafka-server-start.sh"),
        Runtime.Dapr => UnderVariable("DAPR_RUNTIME_PATH", ".dapr/bin/daprd"),
        Runtime.Spark => OnPath("java") is null ? null : UnderVariable("SPARK_HOME", "bin/spark-submit"),
        _ => null,
    };

    static bool Succeeds(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        if (process.WaitForExit(TimeSpan.FromSeconds(20)))
            return process.ExitCode == 0;
        process.Kill();
        return false;
    }

    static string? UnderVariable(string variable, string program) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } home && File.Exists(Path.Combine(home, program)) ? Path.Combine(home, program) : null;

    static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new InvalidOperationException($"{name} is not set.");
}
