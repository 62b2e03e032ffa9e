using System.Globalization;
using Ecom.Contracts;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Streaming;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>The source and the sink of every job.</summary>
/// <param name="recordsPerBatch">The most that a stream reads in a batch.</param>
public sealed class Kafka(SparkSession session, string brokers, int recordsPerBatch = Kafka.DefaultRecordsPerBatch)
{
    /// <summary>A batch that a small machine finishes in seconds, however much waits in Kafka.</summary>
    public const int DefaultRecordsPerBatch = 100_000;

    public int RecordsPerBatch => recordsPerBatch;

    /// <summary>The job's topics as a stream of records.</summary>
    /// <param name="from">Where it begins when its checkpoint is new.</param>
    /// <param name="most">The most that a batch reads.</param>
    public DataFrame Stream(Job job, Place from, long most) => Options(job, from).Aggregate(
        session.ReadStream().Format("kafka").Option("maxOffsetsPerTrigger", most.ToString(CultureInfo.InvariantCulture)),
        (reader, option) => reader.Option(option.Key, option.Value)).Load();

    /// <summary>The records that the job's topics hold now, as a table.</summary>
    /// <param name="gaps">True: what retention has deleted after <paramref name="from"/> is left out, instead of an error.</param>
    public DataFrame Table(Job job, Place from, bool gaps = false) => Options(job, from, gaps).Aggregate(
        session.Read().Format("kafka"),
        (reader, option) => reader.Option(option.Key, option.Value)).Load();

    /// <summary>The time of the newest event from a place on; null: there is none.</summary>
    public DateTimeOffset? Newest(Job job, Place from) =>
        (DateTimeOffset?)Events.Valid(Table(job, from), job).Agg(Max(Col("event_time")).As("newest")).Collect()[0].Get("newest");

    /// <summary>A stream of records into one topic; the caller adds the checkpoint and the trigger.</summary>
    public DataStreamWriter Write(DataFrame records, string topic) => records.WriteStream()
        .Format("kafka")
        .Option("kafka.bootstrap.servers", brokers)
        .Option("topic", topic);

    /// <summary>Writes records that are there, at once.</summary>
    public void Send(DataFrame records, string topic) => records.Write()
        .Format("kafka")
        .Option("kafka.bootstrap.servers", brokers)
        .Option("topic", topic)
        .Save();

    /// <summary>Says in plain words when Spark does not reach the brokers, or a topic is not there; the streams themselves would wait for minutes.</summary>
    public void Check(IEnumerable<Job> jobs)
    {
        var topics = jobs.SelectMany(job => job.Inputs.Keys.Append(job.OutputTopic)).Concat([Topics.DeadLetters, Topics.OperationalMetrics]).Distinct().ToList();
        try
        {
            session.Read()
                .Format("kafka")
                .Option("kafka.bootstrap.servers", brokers)
                .Option("subscribe", string.Join(',', topics))
                // From the year 2100 on: the brokers are asked for every topic's offsets, and no record is read.
                .Option("startingTimestamp", "4102444800000")
                .Option("startingOffsetsByTimestampStrategy", "latest")
                .Option("kafka.default.api.timeout.ms", "8000")
                .Option("kafka.request.timeout.ms", "4000")
                .Option("fetchOffset.numRetries", "1")
                .Load().Count();
        }
        catch (SparkException e) when (e is not SparkConnectionException)
        {
            throw Explain(e, topics);
        }
    }

    Dictionary<string, string> Options(Job job, Place from, bool gaps = false) => new(from.Options(job))
    {
        ["kafka.bootstrap.servers"] = brokers,
        ["failOnDataLoss"] = gaps ? "false" : "true",
        // A read that reached a partition's end leaves a fetch that waits for more behind it, and the next read of the batch
        // waits behind that one: half a second each, by Kafka's default.
        ["kafka.fetch.max.wait.ms"] = "20",
    };

    JobException Explain(SparkException error, List<string> topics)
    {
        var root = error.Chain().Last();
        return error.Chain().Any(e => e.JavaClass?.EndsWith("UnknownTopicOrPartitionException", StringComparison.Ordinal) == true)
            ? new JobException(ExitCodes.KafkaUnreachable, $"Kafka at {brokers} lacks one of {string.Join(", ", topics)}; `dotnet run --project tools/Ecom -- setup` creates them", error)
            : new JobException(ExitCodes.KafkaUnreachable, $"Spark cannot reach Kafka at {brokers}: {root.Message}", error);
    }
}
