using System.Globalization;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Streaming;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>The source and the sink of every job.</summary>
public sealed class Kafka(SparkSession session, string brokers)
{
    /// <summary>Topics as a stream of records.</summary>
    /// <param name="from">Where it begins when its checkpoint is new.</param>
    /// <param name="rate">The most records of a batch.</param>
    /// <param name="failOnDataLoss">Whether the stream ends when Kafka has deleted what it has not read yet.</param>
    public DataFrame Stream(IEnumerable<string> topics, Place from, long rate, bool failOnDataLoss = true) => Options(topics, from, failOnDataLoss).Aggregate(
        session.ReadStream().Format("kafka").Option("maxOffsetsPerTrigger", rate.ToString(CultureInfo.InvariantCulture)),
        (reader, option) => reader.Option(option.Key, option.Value)).Load();

    /// <summary>The records that the job's topics hold now, as a table.</summary>
    /// <param name="gaps">True: what retention has deleted after <paramref name="from"/> is left out, instead of an error.</param>
    public DataFrame Table(Job job, Place from, bool gaps = false) => Options(job.Inputs.Keys, from, !gaps).Aggregate(
        session.Read().Format("kafka"),
        (reader, option) => reader.Option(option.Key, option.Value)).Load();

    /// <summary>The time of the newest event from a place on; null: there is none.</summary>
    public DateTimeOffset? Newest(Job job, Place from) =>
        (DateTimeOffset?)Events.Valid(Table(job, from), job).Agg(Max(Col("event_time")).As("newest")).Collect()[0].Get("newest");

    /// <summary>Sends the rows of a table, once.</summary>
    public void Send(DataFrame records, string topic) => records.Write()
        .Format("kafka")
        .Option("kafka.bootstrap.servers", brokers)
        .Option("topic", topic)
        .Save();

    /// <summary>A stream of records into one topic; the caller adds the checkpoint and the trigger.</summary>
    public DataStreamWriter Write(DataFrame records, string topic) => records.WriteStream()
        .Format("kafka")
        .Option("kafka.bootstrap.servers", brokers)
        .Option("topic", topic);

    /// <summary>Says in plain words when Spark does not reach the brokers, or a topic is not there; the streams themselves would wait for minutes.</summary>
    /// <exception cref="KafkaAwayException">No broker answers.</exception>
    /// <exception cref="JobException">A topic is not there.</exception>
    public void Check(IEnumerable<string> topics)
    {
        var all = string.Join(',', topics.Distinct());
        try
        {
            session.Read()
                .Format("kafka")
                .Option("kafka.bootstrap.servers", brokers)
                .Option("subscribe", all)
                // From the year 2100 on: the brokers are asked for every topic's offsets, and no record is read.
                .Option("startingTimestamp", "4102444800000")
                .Option("startingOffsetsByTimestampStrategy", "latest")
                .Option("kafka.default.api.timeout.ms", "8000")
                .Option("kafka.request.timeout.ms", "4000")
                .Option("fetchOffset.numRetries", "1")
                .Load().Count();
        }
        catch (SparkException e) when (!Failure.IsGone(e))
        {
            throw e.Chain().Any(cause => cause.JavaClass?.EndsWith("UnknownTopicOrPartitionException", StringComparison.Ordinal) == true)
                ? new JobException(ExitCodes.KafkaUnreachable, $"Kafka at {brokers} lacks one of {all.Replace(",", ", ", StringComparison.Ordinal)}; `dotnet run --project tools/Ecom -- setup` creates them", e)
                : new KafkaAwayException($"Spark cannot reach Kafka at {brokers}: {Failure.Cause(e)}", e);
        }
    }

    Dictionary<string, string> Options(IEnumerable<string> topics, Place from, bool failOnDataLoss) => new(from.Options(topics))
    {
        ["kafka.bootstrap.servers"] = brokers,
        ["failOnDataLoss"] = failOnDataLoss ? "true" : "false",
        // A read that reached a partition's end leaves a fetch that waits for more behind it, and the next read of the batch
        // waits behind that one: half a second each, by Kafka's default.
        ["kafka.fetch.max.wait.ms"] = "20",
    };
}
