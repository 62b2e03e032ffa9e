// show: today's answer, on the console · stream: into a topic, until Ctrl-C · table: into PostgreSQL, all of the past at once
using System.Runtime.InteropServices;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Streaming;

var brokers = Setting("KAFKA_BROKERS", "localhost:9092");
var output = Setting("OUTPUT_TOPIC", "own.product_hours");
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
await using var spark = await SparkSession.Builder().AppName("own job").Config("spark.sql.session.timeZone", "UTC").GetOrCreateAsync(stop.Token);

switch (args)
{
    case ["show"]:
        Console.WriteLine(await BestHours.Best(Past()).OrderBy("day", "product_id").ShowStringAsync(cancellation: stop.Token));
        return 0;
    case ["table"]:
        var write = BestHours.Best(Past()).Write().Format("jdbc").Mode(SaveMode.Overwrite)
            .Option("url", Setting("JDBC_URL", "jdbc:postgresql://localhost:5432/shop?user=shop"))
            .Option("dbtable", Setting("OUTPUT_TABLE", "best_hours"))
            .Option("truncate", true); // the rows are replaced, the table with its grants and indexes stays
        await write.SaveAsync(cancellation: stop.Token);
        return 0;
    case ["stream", .. var how] when how is [] or ["--available-now"]:
        var query = await BestHours.Records(BestHours.Hours(BestHours.Lines(Kafka(spark.ReadStream()).Load())))
            .WriteStream().Format("kafka").Option("kafka.bootstrap.servers", brokers).Option("topic", output)
            .OutputMode(OutputMode.Update)
            .Trigger(how is [] ? Trigger.ProcessingTime("5 seconds") : Trigger.AvailableNow())
            // On the server. Where it is kept, the next start goes on from it; the name of another query needs another folder.
            .Option("checkpointLocation", Setting("CHECKPOINT", "/tmp/own-job/product_hours-1"))
            .StartAsync(cancellation: stop.Token);
        try
        {
            await query.AwaitTerminationAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            await query.StopAsync();
        }
        return 0;
    default:
        Console.Error.WriteLine("one of: show, stream [--available-now], table");
        return 2;
}

DataFrame Past() => BestHours.Hours(BestHours.Lines(Kafka(spark.Read()).Load()));

// From the oldest record on, by a stream and by a batch alike.
TReader Kafka<TReader>(DataReader<TReader> reader)
    where TReader : DataReader<TReader> =>
    reader.Format("kafka").Option("kafka.bootstrap.servers", brokers).Option("subscribe", BestHours.Input).Option("startingOffsets", "earliest");

static string Setting(string name, string otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
