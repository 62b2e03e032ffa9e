using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Ecom.Spark.Jobs;

/// <summary>What the command line and the environment say, checked.</summary>
public static partial class Settings
{
    const int DefaultPort = 15002;

    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    public static IReadOnlyList<Job> Jobs(string name) => name == "all"
        ? Job.All
        : Job.All.Where(job => job.Name == name).ToList() is { Count: 1 } found
            ? found
            : throw new JobException(ExitCodes.WrongCall, $"no job is called '{name}'; there are {string.Join(", ", Job.All.Select(job => job.Name))}, and all");

    /// <summary>The folder of what this program keeps on this machine: <c>.ecom</c> of the repository, or where it was started.</summary>
    public static string Data(string? given) => Path.GetFullPath(given ?? Path.Combine(Above(AppContext.BaseDirectory) ?? Directory.GetCurrentDirectory(), ".ecom"));

    /// <summary>
    /// Where the jobs keep how far they are. The server reads and writes it: for one on this machine a path of this machine in full,
    /// wherever the program is started; for another it has to be said in full.
    /// </summary>
    public static string Checkpoints(string? given, string data, string remote)
    {
        if (given is not null && (given.Contains("://", StringComparison.Ordinal) || given.StartsWith('/') || Path.IsPathFullyQualified(given)))
            return given;
        if (new Uri(remote) is { IsLoopback: false })
            throw new JobException(ExitCodes.WrongCall, $"checkpoints belong to the server's side: say --checkpoint with a path that {remote} and its workers share, in full (/…) or with its scheme (hdfs://…, s3a://…)");
        return given is null ? Path.Combine(data, "checkpoints") : Path.GetFullPath(given);
    }

    public static TimeSpan Interval(string text)
    {
        var match = IntervalPattern().Match(text);
        if (!match.Success || !int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var number))
            throw new JobException(ExitCodes.WrongCall, $"--trigger '{text}' is no interval; write 500ms, 1s or 2m");
        return match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            _ => TimeSpan.FromMinutes(number),
        };
    }

    /// <summary>The address of the server: the one that is named, the one that listens here, or one that is started for the time of the job.</summary>
    public static LocalSpark? Server(string? remote, bool cluster, out string address)
    {
        if (cluster && remote is not null)
            throw new JobException(ExitCodes.WrongCall, "--cluster starts a server of its own; leave --remote out");
        address = remote ?? Variable("SPARK_REMOTE") ?? $"sc://localhost:{DefaultPort}";
        if (!cluster && (remote ?? Variable("SPARK_REMOTE")) is not null)
            return null;
        if (Listens(DefaultPort))
            return cluster ? throw new JobException(ExitCodes.WrongCall, $"--cluster: port {DefaultPort} is in use; stop that server first") : null;
        var home = Variable("SPARK_HOME") ?? throw new JobException(
            ExitCodes.ServerUnreachable,
            $"no Spark Connect server listens on localhost:{DefaultPort}, and SPARK_HOME is not set: name a server with --remote, or unpack Spark (https://spark.apache.org/downloads.html) and set SPARK_HOME");
        Console.WriteLine($"starting Spark from {home}");
        address = $"sc://localhost:{DefaultPort}";
        return cluster ? LocalSpark.StartCluster(home, DefaultPort) : LocalSpark.Start(home, DefaultPort);
    }

    static string? Above(string folder) =>
        File.Exists(Path.Combine(folder, "EcomDapr.sln")) ? folder : Path.GetDirectoryName(folder) is { } parent ? Above(parent) : null;

    static bool Listens(int port)
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

    [GeneratedRegex("^([0-9]{1,6})(ms|s|m)$")]
    private static partial Regex IntervalPattern();
}
