namespace Ecom.Spark.Jobs;

/// <summary>Jobs that go on when the shell that started them ends: each has a folder of its name.</summary>
public sealed class Submitted(string folder)
{
    const int LinesShown = 10, LinesOfALog = 200;
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>Starts this program anew, detached.</summary>
    /// <param name="name">A job's, or <c>all</c>.</param>
    /// <param name="call">With what it is called.</param>
    /// <exception cref="JobException">One of the jobs runs already: two would take the checkpoint from each other.</exception>
    public int Submit(string name, IReadOnlyList<Job> jobs, IReadOnlyList<string> call, TextWriter output)
    {
        var busy = All().FirstOrDefault(other => other.Process is not null && Settings.Jobs(other.Name).Intersect(jobs).Any());
        if (busy is not null)
            throw new JobException(ExitCodes.WrongCall, $"{busy.Name} {busy.State}; `./run-spark-job.sh stop {busy.Name}` first");
        var job = Of(name);
        var own = Path.Combine(folder, name);
        job.Run([.. ThisProgram(), .. call], new Dictionary<string, string> { [Detached.FolderVariable] = own });
        output.WriteLine($"{name} {job.State}; `./run-spark-job.sh logs {name} --follow` shows what it says");
        return ExitCodes.Done;
    }

    public int List(TextWriter output)
    {
        foreach (var job in All())
            output.WriteLine($"{job.Name}: {job.State}: {job.Command}");
        return ExitCodes.Done;
    }

    /// <summary>Tells the state; the exit code is 0 while it runs, else 1.</summary>
    public int Status(string name, TextWriter output)
    {
        var job = Known(name);
        output.WriteLine($"{job.Name} {job.State}");
        output.WriteLine(job.Command);
        foreach (var line in job.Tail(LinesShown))
            output.WriteLine("  " + line);
        return job.Process is null ? ExitCodes.QueryFailed : ExitCodes.Done;
    }

    /// <summary>Ends it as Ctrl-C would, and waits for that.</summary>
    public int Stop(string name, TimeSpan patience, TextWriter output)
    {
        var job = Known(name);
        var stopped = job.Stop(patience);
        output.WriteLine(stopped ? $"{job.Name} {job.State}" : $"{job.Name} {job.State}: it has not ended within {patience.TotalSeconds:0} s, and stops when its batch is done");
        return stopped ? ExitCodes.Done : ExitCodes.QueryFailed;
    }

    /// <summary>Shows the end of its log and, while it runs, what is added.</summary>
    public int Logs(string name, bool follow, TextWriter output, CancellationToken stop)
    {
        var job = Known(name);
        using var log = new StreamReader(new FileStream(job.Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Queue<string> end = [];
        while (log.ReadLine() is { } line)
        {
            end.Enqueue(line);
            if (end.Count > LinesOfALog)
                end.Dequeue();
        }
        foreach (var line in end)
            output.WriteLine(line);
        // Once more after its end: the last lines.
        for (var runs = true; follow && runs && !stop.WaitHandle.WaitOne(Look);)
        {
            runs = job.Process is not null;
            while (log.ReadLine() is { } line)
                output.WriteLine(line);
        }
        return ExitCodes.Done;
    }

    IEnumerable<Detached> All() => Directory.Exists(folder) ? Directory.GetDirectories(folder).Order(StringComparer.Ordinal).Select(own => new Detached(own)) : [];

    Detached Of(string name) => new(Path.Combine(folder, name));

    Detached Known(string name) => All().FirstOrDefault(job => job.Name == name)
        ?? throw new JobException(ExitCodes.WrongCall, $"'{name}' was not submitted; `./run-spark-job.sh list` shows what was");

    // As a program of its own, or as `dotnet program.dll`.
    static IEnumerable<string> ThisProgram() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, typeof(Submitted).Assembly.Location]
        : [Environment.ProcessPath!];
}
