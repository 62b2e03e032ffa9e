using System.CommandLine;
using System.Runtime.InteropServices;

namespace Ecom.Spark.Jobs;

/// <summary>What can be typed, and what then happens.</summary>
public static class CommandLine
{
    static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(1);

    static readonly Argument<string> Job = new("job") { Description = $"all, or one of {string.Join(", ", Jobs.Job.All.Select(job => job.Name))}" };
    static readonly Option<bool> AvailableNow = new("--available-now") { Description = "run over what is in Kafka now, then end" };
    static readonly Option<string?> From = new("--from") { Description = "with --to: compute the rows of this range of event time that is over, then end (2026-03-01T00:00Z)" };
    static readonly Option<string?> To = new("--to") { Description = "the end of the range; the row at this time is no part of it" };
    static readonly Option<string?> Remote = new("--remote") { Description = "the Spark Connect server [SPARK_REMOTE; else this machine's, or one started from SPARK_HOME]" };
    static readonly Option<bool> OnCluster = new("--cluster") { Description = "on the cluster that `cluster up` has started" };
    static readonly Option<string?> Brokers = new("--brokers") { Description = "Kafka, as the Spark server reaches it [KAFKA_BROKERS, else localhost:9092]" };
    static readonly Option<string?> CheckpointFolder = new("--checkpoint") { Description = "the folder, on the Spark server, in which jobs keep how far they are [CHECKPOINT_PATH, else checkpoints in --data]" };
    static readonly Option<string[]> Trigger = Several("--trigger", "how often a batch is taken: 500ms, 1s, 2m [1s]; for one job of several: fraud_detection=5s");
    static readonly Option<string[]> Rate = Several("--rate", $"the most records of a batch [{StreamSettings.DefaultRate}]; or job=records");
    static readonly Option<string[]> Partitions = Several("--partitions", $"into how many parts the state is cut [{StreamSettings.DefaultPartitions}]; or job=parts. Another number starts the job afresh");
    static readonly Option<string[]> Store = Several("--store", "where the state lies: memory or rocksdb [memory]; or job=store. Another one starts the job afresh");
    static readonly Option<string[]> Conf = Several("--conf", "a setting of the Spark session: spark.name=value");
    static readonly Option<bool> Fresh = new("--fresh") { Description = "begin anew with what Kafka has, although there are checkpoints" };
    static readonly Option<string?> Data = new("--data") { Description = "the folder of checkpoints, submitted jobs and the cluster on this machine [.ecom in the repository]", Recursive = true };

    static readonly Option[] RunOptions = [AvailableNow, From, To, Remote, OnCluster, Brokers, CheckpointFolder, Trigger, Rate, Partitions, Store, Conf, Fresh];

    /// <param name="typed">All that was typed: what is submitted is called with the same.</param>
    public static RootCommand Root(string[] typed)
    {
        var root = new RootCommand("The shop's streaming jobs on Spark.") { Job, Data };
        root.SetAction(Run);
        var submit = Verb("submit", "Start jobs that go on when this shell ends.", arguments => Submit(arguments, typed), Job);
        foreach (var option in RunOptions)
        {
            root.Add(option);
            submit.Add(option);
        }
        Argument<string> name = new("job") { Description = "as it was submitted" };
        Option<bool> follow = new("--follow") { Description = "go on while the job says more" };
        root.Add(submit);
        root.Add(Verb("list", "The submitted jobs, each with its state.", arguments => Submitted(arguments).List(Console.Out)));
        root.Add(Verb("status", "The state of a submitted job, and what it said last.", arguments => Submitted(arguments).Status(arguments.GetValue(name)!, Console.Out), name));
        root.Add(Verb("stop", "Stop a submitted job; the next start goes on from its checkpoint.", arguments => Submitted(arguments).Stop(arguments.GetValue(name)!, StopPatience, Console.Out), name));
        var logs = Verb("logs", "What a submitted job says.", arguments => Stoppable(stop => Submitted(arguments).Logs(arguments.GetValue(name)!, arguments.GetValue(follow), Console.Out, stop)), name);
        logs.Add(follow);
        root.Add(logs);
        root.Add(ClusterVerbs());
        return root;
    }

    static Command ClusterVerbs()
    {
        ClusterPorts usual = new();
        Option<int> port = Port("--port", "of the Connect server", usual.Connect), master = Port("--master-port", "of the master", usual.Master);
        Option<int> masterPage = Port("--master-page", "of the master's page", usual.MasterPage), workerPage = Port("--worker-page", "of the first worker's page; the second's is the next", usual.WorkerPage);
        var up = Verb("up", "Start a master, two workers and a Connect server from SPARK_HOME; they stay until `cluster down`.", arguments =>
        {
            var home = Settings.Variable("SPARK_HOME") ?? throw new JobException(ExitCodes.ServerUnreachable, "SPARK_HOME is not set: unpack Spark (https://spark.apache.org/downloads.html) and set it");
            TheCluster(arguments).Up(home, new(arguments.GetValue(port), arguments.GetValue(master), arguments.GetValue(masterPage), arguments.GetValue(workerPage)));
            return Show(arguments);
        });
        foreach (var option in (Option[])[port, master, masterPage, workerPage])
            up.Add(option);
        return new Command("cluster", "A small standalone cluster on this machine.")
        {
            up,
            Verb("down", "Stop the cluster that was started here.", arguments =>
            {
                TheCluster(arguments).Down();
                return Show(arguments);
            }),
            Verb("status", "What of the cluster runs.", Show),
        };

        static int Show(ParseResult arguments)
        {
            foreach (var line in TheCluster(arguments).Status)
                Console.WriteLine(line);
            return ExitCodes.Done;
        }

        static Option<int> Port(string name, string whose, int usual) => new(name) { Description = $"the port {whose}", DefaultValueFactory = _ => usual };
    }

    static int Run(ParseResult arguments) => Stoppable(stop =>
    {
        var (settings, range) = (Read(arguments), Settings.Range(arguments.GetValue(From), arguments.GetValue(To)));
        using var server = Settings.Server(arguments.GetValue(Remote), arguments.GetValue(OnCluster), TheCluster(arguments), mayStart: true, out var address);
        return range is { } past
            ? RangeRunner.Run(settings(address), past.From, past.To, Console.Out, stop)
            : JobRunner.Run(settings(address) with { Revive = server is null ? null : server.Revive }, Console.Out, stop);
    });

    static int Submit(ParseResult arguments, string[] typed)
    {
        var settings = Read(arguments);
        _ = Settings.Range(arguments.GetValue(From), arguments.GetValue(To));
        using var server = Settings.Server(arguments.GetValue(Remote), arguments.GetValue(OnCluster), TheCluster(arguments), mayStart: false, out var address);
        var options = settings(address);
        return Submitted(arguments).Submit(arguments.GetValue(Job)!, options.Jobs, [.. typed.Where((_, i) => i != Array.IndexOf(typed, "submit"))], Console.Out);
    }

    /// <summary>Everything that can be wrong without a server is found here.</summary>
    /// <returns>The options, as soon as the server's address is known.</returns>
    static Func<string, RunOptions> Read(ParseResult arguments)
    {
        var jobs = Settings.Jobs(arguments.GetValue(Job)!);
        string[] streams = [.. jobs.Select(job => job.Name), RunningJob.DeadLetters];
        var own = streams.ToDictionary(stream => stream, SettingsOf);
        var conf = Settings.Conf(arguments.GetValue(Conf) ?? []);
        return address => new RunOptions(
            jobs,
            address,
            arguments.GetValue(Brokers) ?? Settings.Variable("KAFKA_BROKERS") ?? "localhost:9092",
            Settings.Checkpoints(arguments.GetValue(CheckpointFolder) ?? Settings.Variable("CHECKPOINT_PATH"), DataFolder(arguments), address),
            own[streams[0]].Interval,
            Settings.Variable("SPARK_METRICS_ADDRESS"))
        {
            Conf = conf,
            Fresh = arguments.GetValue(Fresh),
            Own = own,
        };

        StreamSettings SettingsOf(string stream)
        {
            var interval = Settings.Interval(Said(Trigger) ?? "1s");
            return new(
                arguments.GetValue(AvailableNow) ? null : interval,
                Said(Partitions) is { } partitions ? Settings.Number(Partitions.Name, partitions, StreamSettings.MostPartitions) : StreamSettings.DefaultPartitions,
                Settings.Store(Said(Store) ?? "memory"),
                Said(Rate) is { } rate ? Settings.Number(Rate.Name, rate, int.MaxValue) : StreamSettings.DefaultRate);

            string? Said(Option<string[]> option) => Settings.Of(option.Name, arguments.GetValue(option) ?? [], stream, streams);
        }
    }

    static string DataFolder(ParseResult arguments) => Settings.Data(arguments.GetValue(Data));

    static Cluster TheCluster(ParseResult arguments) => new(Path.Combine(DataFolder(arguments), "cluster"));

    static Submitted Submitted(ParseResult arguments) => new(Path.Combine(DataFolder(arguments), "jobs"));

    static Option<string[]> Several(string name, string description) => new(name) { Description = description };

    static Command Verb(string name, string description, Func<ParseResult, int> action, params Argument[] arguments)
    {
        var verb = new Command(name, description);
        foreach (var argument in arguments)
            verb.Add(argument);
        verb.SetAction(action);
        return verb;
    }

    static int Stoppable(Func<CancellationToken, int> run)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return run(stop.Token);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }
}
