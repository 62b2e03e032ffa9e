using System.CommandLine;
using System.Runtime.InteropServices;
using Ecom.Spark.Connect;
using Ecom.Spark.Jobs;

var job = new Argument<string>("job") { Description = $"all, or one of {string.Join(", ", Job.All.Select(job => job.Name))}" };
var availableNow = new Option<bool>("--available-now") { Description = "run over what is in Kafka now, then end" };
var remote = new Option<string?>("--remote") { Description = "the Spark Connect server [SPARK_REMOTE; else this machine's, or one started from SPARK_HOME]" };
var brokers = new Option<string?>("--brokers") { Description = "Kafka, as the Spark server reaches it [KAFKA_BROKERS, else localhost:9092]" };
var checkpoint = new Option<string?>("--checkpoint") { Description = "the folder, on the Spark server, in which jobs keep how far they are [CHECKPOINT_PATH, else .ecom/checkpoints of the repository]" };
var trigger = new Option<string>("--trigger") { Description = "how often a batch is taken: 500ms, 1s, 2m", DefaultValueFactory = _ => "1s" };
var cluster = new Option<bool>("--cluster") { Description = "start a standalone master (page 9080) with two workers (8081, 8082) from SPARK_HOME" };
var fresh = new Option<bool>("--fresh") { Description = "begin anew with what Kafka has, although there are checkpoints" };
var root = new RootCommand("The shop's streaming jobs on Spark.") { job, availableNow, remote, brokers, checkpoint, trigger, cluster, fresh };
root.SetAction(arguments =>
{
    using var stop = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    var jobs = Settings.Jobs(arguments.GetValue(job)!);
    TimeSpan? interval = arguments.GetValue(availableNow) ? null : Settings.Interval(arguments.GetValue(trigger)!);
    using var server = Settings.Server(arguments.GetValue(remote), arguments.GetValue(cluster), out var address);
    var options = new RunOptions(
        jobs,
        address,
        arguments.GetValue(brokers) ?? Settings.Variable("KAFKA_BROKERS") ?? "localhost:9092",
        Settings.Checkpoints(arguments.GetValue(checkpoint) ?? Settings.Variable("CHECKPOINT_PATH"), Settings.Data(null), address),
        interval,
        Settings.Variable("SPARK_METRICS_ADDRESS"))
    {
        Fresh = arguments.GetValue(fresh),
    };
    return JobRunner.Run(options, Console.Out, stop.Token);

    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
});

var call = root.Parse(args);
if (call.Errors.Count > 0)
    return Fail(ExitCodes.WrongCall, string.Join("; ", call.Errors.Select(error => error.Message)));
try
{
    return call.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (JobException e)
{
    return Fail(e.ExitCode, e.Message);
}
catch (SparkException e)
{
    return Fail(e is SparkConnectionException ? ExitCodes.ServerUnreachable : ExitCodes.QueryFailed, e.Message);
}
catch (FormatException e)
{
    return Fail(ExitCodes.WrongCall, e.Message);
}

static int Fail(int code, string message)
{
    Console.Error.WriteLine("error: " + message);
    return code;
}
