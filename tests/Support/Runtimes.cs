namespace Ecom.Tests.Support;

[Flags]
public enum Runtime
{
    Dapr = 1,
    Kafka = 2,
    Spark = 4,
    Postgres = 8,
    Redis = 16,
    MailDev = 32,

    /// <summary>What the shop needs in its real way: everything but Spark.</summary>
    RealWorld = Dapr | Kafka | Postgres | Redis | MailDev,
}

/// <summary>Finds the real programs; a test that lacks one is skipped with the reason and the way to get it.</summary>
public static class Runtimes
{
    static readonly Dictionary<Runtime, (Func<string?> Find, string Get)> Known = new()
    {
        [Runtime.Dapr] = (() => UnderVariable("DAPR_RUNTIME_PATH", ".dapr/bin/daprd") is { } daprd && OnPath("dapr") is not null ? daprd : null,
            "dapr CLI and runtime: `dapr init --slim --runtime-path DIR`, then DAPR_RUNTIME_PATH=DIR and the CLI on PATH"),
        [Runtime.Kafka] = (() => UnderVariable("KAFKA_HOME", "bin/kafka-server-start.sh"),
            "Apache Kafka 4: unpack https://kafka.apache.org/downloads, then KAFKA_HOME=DIR (and Java 17 on PATH)"),
        [Runtime.Spark] = (() => UnderVariable("SPARK_HOME", "bin/spark-submit"),
            "Apache Spark 4: unpack https://spark.apache.org/downloads.html, then SPARK_HOME=DIR (and Java 17 on PATH)"),
        [Runtime.Postgres] = (() => PostgresProgram("initdb"), "PostgreSQL: `apt-get install postgresql`"),
        [Runtime.Redis] = (() => OnPath("redis-server"), "Redis: `apt-get install redis-server`"),
        [Runtime.MailDev] = (() => OnPath("maildev"), "MailDev: `npm install -g maildev@2.2.1`"),
    };

    public static string DaprRuntimePath => Variable("DAPR_RUNTIME_PATH");

    public static string KafkaHome => Variable("KAFKA_HOME");

    public static string SparkHome => Variable("SPARK_HOME");

    public static string DaprProgram(string name) => Path.Combine(DaprRuntimePath, ".dapr", "bin", name);

    public static bool Has(Runtime runtimes) => Known.All(r => !runtimes.HasFlag(r.Key) || r.Value.Find() is not null);

    /// <summary>Ends the test as skipped, loudly, when one of the runtimes is not on this machine.</summary>
    public static void Require(Runtime runtimes)
    {
        if (Has(runtimes))
            return;
        var missing = Known.Where(r => runtimes.HasFlag(r.Key) && r.Value.Find() is null).Select(r => $"{r.Key} ({r.Value.Get})");
        var reason = $"Needs what this machine lacks: {string.Join("; ", missing)}.";
        TestContext.Current.SendDiagnosticMessage($"{TestContext.Current.Test?.TestDisplayName} is skipped. {reason}");
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

    static string? UnderVariable(string variable, string program) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } home && File.Exists(Path.Combine(home, program)) ? Path.Combine(home, program) : null;

    static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new InvalidOperationException($"{name} is not set.");
}
