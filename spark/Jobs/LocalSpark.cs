using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Ecom.Spark.Jobs;

/// <summary>A Spark Connect server of our own, from an unpacked Spark: on this machine's cores, or as a small standalone cluster.</summary>
public sealed class LocalSpark : IDisposable
{
    const int LinesKept = 200;
    static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);

    // Spark's own variables, with a bound where they are not set. What a job remembers lies in the heap of whoever runs its
    // tasks: the server on one machine, the executors of a cluster, each of which takes all that its worker may give.
    readonly string serverMemory = Settings.Variable("SPARK_DRIVER_MEMORY") ?? "1g";
    readonly string workerMemory = Settings.Variable("SPARK_WORKER_MEMORY") ?? "1g";

    readonly string home;
    readonly string folder = Directory.CreateTempSubdirectory("ecom-spark-").FullName;
    readonly ConcurrentQueue<string> lines = new();
    readonly List<Process> processes = [];

    LocalSpark(string home)
    {
        if (!File.Exists(Path.Combine(home, "bin", "spark-submit")))
            throw new JobException(ExitCodes.ServerUnreachable, $"SPARK_HOME is '{home}', but there is no bin/spark-submit");
        this.home = home;
    }

    /// <summary>The server's process.</summary>
    public int ProcessId => processes[^1].Id;

    /// <summary>Starts a server on <paramref name="port"/> and waits until it listens.</summary>
    public static LocalSpark Start(string home, int port, string master = "local[2]", params string[] settings)
    {
        var spark = new LocalSpark(home);
        try
        {
            spark.Run("spark-submit", spark.SubmitArguments(master, port, settings));
            spark.WaitFor(port, "the Spark Connect server");
            return spark;
        }
        catch
        {
            spark.Dispose();
            throw;
        }
    }

    /// <summary>Starts a master with two workers, and a server on them. The server drives the cluster: its page is on 4040.</summary>
    public static LocalSpark StartCluster(string home, int port, int masterPort = 7077, int masterPage = 9080, int firstWorkerPage = 8081)
    {
        var spark = new LocalSpark(home);
        try
        {
            var master = $"spark://localhost:{masterPort}";
            spark.Run("spark-class", "org.apache.spark.deploy.master.Master", "--host", "localhost", "--port", Text(masterPort), "--webui-port", Text(masterPage));
            spark.WaitFor(masterPort, "the Spark master");
            foreach (var worker in new[] { 0, 1 })
                spark.Run("spark-class", "org.apache.spark.deploy.worker.Worker", "--webui-port", Text(firstWorkerPage + worker), "-c", "1", "-m", spark.workerMemory, "-d", spark.folder, master);
            spark.Run("spark-submit", spark.SubmitArguments(master, port, [$"spark.executor.memory={spark.workerMemory}"]));
            spark.WaitFor(port, "the Spark Connect server");
            return spark;
        }
        catch
        {
            spark.Dispose();
            throw;
        }
    }

    /// <summary>What makes a Connect server of <c>spark-submit</c>.</summary>
    /// <param name="folder">For the server's own files.</param>
    /// <param name="memory">The server's, as Spark writes it, such as <c>1g</c>.</param>
    /// <param name="settings">More settings of Spark, each <c>name=value</c>.</param>
    public static IEnumerable<string> ServerArguments(string master, int port, string folder, string memory, params string[] settings)
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

    /// <summary>Stops what was started, the server first.</summary>
    public void Dispose()
    {
        foreach (var process in processes.AsEnumerable().Reverse())
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
        processes.Clear();
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // A file that is still held is in the system's temp folder, which is cleaned anyway.
        }
    }

    string[] SubmitArguments(string master, int port, string[] settings) => [.. KafkaPackage(), .. ServerArguments(master, port, folder, serverMemory, settings)];

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

    void Run(string program, params string[] arguments)
    {
        // A Ctrl-C in the terminal reaches every program that runs there; Spark must outlive it, as the job stops its streams first.
        var info = new ProcessStartInfo("/bin/sh", ["-c", "trap '' INT; exec \"$0\" \"$@\"", Path.Combine(home, "bin", program), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
            Environment = { ["SPARK_LOCAL_IP"] = "127.0.0.1", ["SPARK_DRIVER_MEMORY"] = serverMemory, ["TZ"] = "UTC" },
        };
        var process = Process.Start(info)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add(process);
    }

    void WaitFor(int port, string what)
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(100))
        {
            if (processes[^1].HasExited || clock.Elapsed > StartTimeout)
                throw new JobException(ExitCodes.ServerUnreachable, $"{what} did not start on port {port}:\n{string.Join('\n', lines.TakeLast(20))}");
            using var probe = new TcpClient();
            try
            {
                probe.Connect("127.0.0.1", port);
                return;
            }
            catch (SocketException)
            {
                // not yet
            }
        }
    }

    void Keep(string? line)
    {
        if (line is null)
            return;
        lines.Enqueue(line);
        if (lines.Count > LinesKept)
            lines.TryDequeue(out _);
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
