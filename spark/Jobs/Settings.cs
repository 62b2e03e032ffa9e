using System.Globalization;
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

    /// <summary>The range of event time that is asked for; null: none is.</summary>
    public static (DateTimeOffset From, DateTimeOffset To)? Range(string? from, string? to) => (from, to) switch
    {
        (null, null) => null,
        ({ } begin, { } end) => (Time("--from", begin), Time("--to", end)),
        _ => throw new JobException(ExitCodes.WrongCall, "--from and --to belong together"),
    };

    public static StateStore Store(string text) => text switch
    {
        "memory" => StateStore.Memory,
        "rocksdb" => StateStore.RocksDb,
        _ => throw new JobException(ExitCodes.WrongCall, $"--store '{text}' is none; there are memory and rocksdb"),
    };

    public static int Number(string option, string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : throw new JobException(ExitCodes.WrongCall, string.Create(CultureInfo.InvariantCulture, $"{option} '{text}' is no number from 1 to {most}"));

    /// <summary>What an option says of a stream: <c>stream=value</c> before <c>value</c>, which goes for all; null when it says nothing.</summary>
    public static string? Of(string option, IReadOnlyList<string> values, string stream, IReadOnlyList<string> streams)
    {
        string? own = null, all = null;
        foreach (var value in values)
        {
            if (value.Split('=', 2) is not [var name, var said])
                all = value;
            else if (!streams.Contains(name))
                throw new JobException(ExitCodes.WrongCall, $"{option} '{value}': '{name}' does not run; there are {string.Join(", ", streams)}");
            else if (name == stream)
                own = said;
        }
        return own ?? all;
    }

    /// <summary>Settings of the session, each <c>name=value</c>.</summary>
    public static IReadOnlyDictionary<string, string> Conf(IReadOnlyList<string> values)
    {
        Dictionary<string, string> conf = [];
        foreach (var value in values)
        {
            if (value.Split('=', 2) is not [var name, var set] || !name.StartsWith("spark.", StringComparison.Ordinal))
                throw new JobException(ExitCodes.WrongCall, $"--conf '{value}' is no setting; write spark.name=value");
            if (Ground.Taken.TryGetValue(name, out var instead))
                throw new JobException(ExitCodes.WrongCall, $"--conf {name}: {instead}");
            conf[name] = set;
        }
        return conf;
    }

    /// <summary>
    /// The address of the server: the one that is named, the cluster of <c>cluster up</c>, the one that listens here, or, where it may,
    /// one that is started for the time of the job.
    /// </summary>
    public static LocalSpark? Server(string? remote, bool onCluster, Cluster cluster, bool mayStart, out string address)
    {
        if (onCluster && remote is not null)
            throw new JobException(ExitCodes.WrongCall, "--cluster names a server; leave --remote out");
        if (onCluster)
        {
            address = cluster.Address ?? throw new JobException(ExitCodes.WrongCall, "the cluster is not up; `./run-spark-job.sh cluster up` starts it");
            return null;
        }
        var named = remote ?? Variable("SPARK_REMOTE");
        address = named ?? $"sc://localhost:{DefaultPort}";
        if (named is not null || SparkPrograms.Listens(DefaultPort))
            return null;
        var none = $"no Spark Connect server listens on localhost:{DefaultPort}";
        if (!mayStart)
            throw new JobException(ExitCodes.ServerUnreachable, $"{none}; `./run-spark-job.sh cluster up` starts one that stays, --remote names another");
        var home = Variable("SPARK_HOME") ?? throw new JobException(
            ExitCodes.ServerUnreachable,
            $"{none}, and SPARK_HOME is not set: name a server with --remote, or unpack Spark (https://spark.apache.org/downloads.html) and set SPARK_HOME");
        Console.WriteLine($"starting Spark from {home}");
        return LocalSpark.Start(home, DefaultPort);
    }

    static DateTimeOffset Time(string option, string text) =>
        TimePattern().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time)
            ? time.ToUniversalTime()
            : throw new JobException(ExitCodes.WrongCall, $"{option} '{text}' is no time with a zone; write 2026-03-01T00:00Z or 2026-03-01T00:00:00+01:00");

    static string? Above(string folder) =>
        File.Exists(Path.Combine(folder, "EcomDapr.sln")) ? folder : Path.GetDirectoryName(folder) is { } parent ? Above(parent) : null;

    [GeneratedRegex("^([0-9]{1,6})(ms|s|m)$")]
    private static partial Regex IntervalPattern();

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})$")]
    private static partial Regex TimePattern();
}
