using System.Globalization;
using System.Net.Sockets;

namespace Ecom.Spark.Jobs;

/// <summary>The programs of an unpacked Spark: how each is called, and within what memory.</summary>
public sealed class SparkPrograms
{
    public static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    // Spark's own variables, with a bound where they are not set. What a job remembers lies in the heap of whoever runs its
    // tasks: the server on one machine, the executors of a cluster, each of which takes all that its worker may give.
    readonly string serverMemory = Settings.Variable("SPARK_DRIVER_MEMORY") ?? "1g";
    readonly string workerMemory = Settings.Variable("SPARK_WORKER_MEMORY") ?? "1g";

    readonly string home;

    /// <exception cref="JobException">There is no Spark in the folder.</exception>
    public SparkPrograms(string home)
    {
        if (!File.Exists(Path.Combine(home, "bin", "spark-submit")))
            throw new JobException(ExitCodes.ServerUnreachable, $"SPARK_HOME is '{home}', but there is no bin/spark-submit");
        this.home = home;
    }

    /// <summary>What each of them finds in its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["SPARK_LOCAL_IP"] = "127.0.0.1", ["SPARK_DRIVER_MEMORY"] = serverMemory, ["TZ"] = "UTC" };

    /// <summary>A Connect server that computes on its own cores (<c>local[2]</c>).</summary>
    public IReadOnlyList<string> Server(string master, int port, string folder, params IEnumerable<string> settings) =>
        [Program("spark-submit"), .. KafkaPackage(), .. ServerArguments(master, port, folder, serverMemory, settings)];

    /// <summary>A Connect server that drives a cluster.</summary>
    public IReadOnlyList<string> ClusterServer(string master, int port, string folder) => Server(master, port, folder, $"spark.executor.memory={workerMemory}");

    public IReadOnlyList<string> Master(int port, int page) =>
        [Program("spark-class"), "org.apache.spark.deploy.master.Master", "--host", "localhost", "--port", Text(port), "--webui-port", Text(page)];

    /// <summary>A worker of one core.</summary>
    public IReadOnlyList<string> Worker(string master, int page, string folder) =>
        [Program("spark-class"), "org.apache.spark.deploy.worker.Worker", "--host", "localhost", "--webui-port", Text(page), "-c", "1", "-m", workerMemory, "-d", folder, master];

    /// <summary>What makes a Connect server of <c>spark-submit</c>.</summary>
    /// <param name="folder">For the server's own files.</param>
    /// <param name="memory">The server's, as Spark writes it, such as <c>1g</c>.</param>
    /// <param name="settings">More settings of Spark, each <c>name=value</c>.</param>
    public static IEnumerable<string> ServerArguments(string master, int port, string folder, string memory, params IEnumerable<string> settings)
    {
        string[] own =
        [
            $"spark.connect.grpc.binding.port={port}",
            "spark.connect.grpc.binding.address=127.0.0.1",
            $"spark.sql.warehouse.dir={Path.Combine(folder, "warehouse")}",
            "spark.sql.session.timeZone=UTC",
        ];
        return
        [
            "--master", master, "--driver-memory", memory,
            .. own.Concat(settings).SelectMany(setting => new[] { "--conf", setting }),
            "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
        ];
    }

    /// <summary>True when a program of this machine listens.</summary>
    public static bool Listens(int port)
    {
        using var probe = new TcpClient();
        try
        {
            probe.Connect("localhost", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // A Spark as downloaded has no Kafka connector; spark-submit fetches it.
    string[] KafkaPackage()
    {
        var jars = Path.Combine(home, "jars");
        if (Directory.EnumerateFiles(jars, "spark-sql-kafka-*.jar").Any())
            return [];
        const string core = "spark-core_";
        var version = Path.GetFileNameWithoutExtension(Directory.EnumerateFiles(jars, core + "*.jar").First())[core.Length..].Split('-');
        return ["--packages", $"org.apache.spark:spark-sql-kafka-0-10_{version[0]}:{version[1]}"];
    }

    string Program(string name) => Path.Combine(home, "bin", name);

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
