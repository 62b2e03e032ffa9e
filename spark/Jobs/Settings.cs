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

    /// <summary>A path of this machine in full; what has a scheme (hdfs://, s3a://) is the server's business.</summary>
    public static string Folder(string path) => path.Contains("://", StringComparison.Ordinal) ? path : Path.GetFullPath(path);

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

    /// <summary>The range of event time that is asked for; null: none is.</summary>
    public static (DateTimeOffset From, DateTimeOffset To)? Range(string? from, string? to) => (from, to) switch
    {
        (null, null) => null,
        ({ } begin, { } end) => (Time("--from", begin), Time("--to", end)),
        _ => throw new JobException(ExitCodes.WrongCall, "--from and --to belong together"),
    };

    static DateTimeOffset Time(string option, string text) =>
        TimePattern().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time)
            ? time.ToUniversalTime()
            : throw new JobException(ExitCodes.WrongCall, $"{option} '{text}' is no time with a zone; write 2026-03-01T00:00Z or 2026-03-01T00:00:00+01:00");

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

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})$")]
    private static partial Regex TimePattern();
}
