namespace Ecom.Spark.Jobs;

/// <summary>The ports of a cluster; its second worker's page is on the port after the first's.</summary>
public sealed record ClusterPorts(int Connect = 15002, int Master = 7077, int MasterPage = 9080, int WorkerPage = 8081);

/// <summary>
/// A standalone cluster on this machine that stays when its shell ends: a master, two workers of one core each, and a Connect server that
/// drives them. Only what was started here is stopped here.
/// </summary>
/// <param name="folder">Keeps each one's process, log and command.</param>
public sealed class Cluster(string folder)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly Detached master = new(Path.Combine(folder, "master")), server = new(Path.Combine(folder, "connect"));
    readonly Detached[] workers = [new(Path.Combine(folder, "worker-1")), new(Path.Combine(folder, "worker-2"))];

    string AddressFile => Path.Combine(folder, "address");

    IEnumerable<Detached> Parts => [master, .. workers, server];

    /// <summary>Where its Connect server listens; null while that does not run.</summary>
    public string? Address => server.Process is not null && File.Exists(AddressFile) ? File.ReadAllText(AddressFile) : null;

    /// <summary>Each part with its state, in words.</summary>
    public IEnumerable<string> Status => Parts.Select(part => $"{part.Name}: {part.State}");

    /// <summary>Starts what does not run, and waits until the server listens.</summary>
    /// <exception cref="JobException">A part did not come up (its last lines say why), or a port is taken.</exception>
    public void Up(string sparkHome, ClusterPorts ports)
    {
        var programs = new SparkPrograms(sparkHome);
        var url = $"spark://localhost:{ports.Master}";
        Start(master, programs, programs.Master(ports.Master, ports.MasterPage), ports.Master);
        foreach (var (i, worker) in workers.Index())
            Start(worker, programs, programs.Worker(url, ports.WorkerPage + i, Path.Combine(folder, "work")), ports.WorkerPage + i);
        File.WriteAllText(AddressFile, $"sc://localhost:{ports.Connect}");
        Start(server, programs, programs.ClusterServer(url, ports.Connect, Path.Combine(folder, "server")), ports.Connect);
    }

    /// <summary>Stops what runs, the server first.</summary>
    public void Down()
    {
        foreach (var part in Parts.Reverse())
            part.Stop(Patience, force: true);
    }

    static void Start(Detached part, SparkPrograms programs, IReadOnlyList<string> command, int port)
    {
        if (part.Process is not null)
            return;
        if (SparkPrograms.Listens(port))
            throw new JobException(ExitCodes.WrongCall, $"port {port} of the cluster's {part.Name} is in use: stop that program, or choose another port");
        part.Run(command, programs.Environment);
        if (!part.RunsUntil(() => SparkPrograms.Listens(port), SparkPrograms.StartTimeout))
            throw new JobException(ExitCodes.ServerUnreachable, $"the cluster's {part.Name} did not start on port {port}:\n{string.Join('\n', part.Tail(20))}");
    }
}
