using System.Net.Sockets;
using System.Text.RegularExpressions;
using Ecom.Spark.Jobs;

namespace Ecom.Tests.Support;

/// <summary>A Spark Connect server on two of this machine's cores; to dispose it is its crash.</summary>
public sealed partial class SparkServer : IDisposable
{
    const string Master = "local[2]";

    /// <summary>A Spark as downloaded has no Kafka connector; and its entry point gives a name to whoever is not in the image's list of users.</summary>
    const string Submit = """
        ls /opt/spark/jars/spark-sql-kafka-*.jar || connector="--packages $0 --conf spark.jars.ivy=/tmp/ivy"
        exec $(ls /opt/entrypoint.sh) /opt/spark/bin/spark-submit $connector "$@"
        """;

    readonly IDisposable server;

    SparkServer(int port, int? page)
    {
        var settings = page is null ? "spark.ui.enabled=false" : $"spark.ui.port={page}";
        server = Runtimes.InDocker(Runtime.Spark) ? new Container(port, settings) : LocalSpark.Start(Runtimes.SparkHome, port, Master, settings);
    }

    /// <summary>Returns when it listens on <paramref name="port"/>.</summary>
    /// <param name="page">The port of its page, where its executors' metrics are, too; null: it has none.</param>
    public static SparkServer Start(int port, int? page = null) => new(port, page);

    /// <summary>The server's process, where Spark is unpacked on this machine.</summary>
    public int ProcessId => ((LocalSpark)server).ProcessId;

    public void Dispose() => server.Dispose();

    sealed class Container : IDisposable
    {
        readonly TempFolder folder = new("spark");
        readonly ServerContainer container;

        public Container(int port, string settings)
        {
            var connector = Connector().Match(File.ReadAllText(Repository.File("docker-compose.yml"))).Groups[1].Value;
            container = ServerContainer.AsProgram(
                "spark",
                "sh",
                ["-c", Submit, connector, .. SparkPrograms.ServerArguments(Master, port, folder.Path, "1g", settings)],
                new Dictionary<string, string?> { ["SPARK_LOCAL_IP"] = "127.0.0.1", ["TZ"] = "UTC" },
                folder.Path);
            try
            {
                Wait(container.Start(() => Listens(port), TimeSpan.FromSeconds(120)));
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            Wait(container.DisposeAsync().AsTask());
            folder.Dispose();
        }

        static async Task<bool> Listens(int port)
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync("127.0.0.1", port);
            return true;
        }

        /// <summary>Spark's client waits where it is called, and so do its tests.</summary>
        static void Wait(Task task) => task.GetAwaiter().GetResult();
    }

    [GeneratedRegex(@"--packages (\S+)")]
    private static partial Regex Connector();
}
