using System.Globalization;
using System.Text.Json;
using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Streaming;
using Ecom.Spark.Jobs;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark.Support;

/// <summary>A job over a stream of files instead of Kafka: each step of records is a batch of its own, so that a week takes a minute.</summary>
public static class Steps
{
    const string Record = "key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP";
    static readonly DateTimeOffset Written = new(2027, 3, 1, 23, 0, 0, TimeSpan.Zero);

    /// <summary>What Spark tells of each batch, the first one first. A record on a topic that the job does not read is not there.</summary>
    public static IReadOnlyList<StreamingQueryProgress> Run(this Job job, SparkSession session, IEnumerable<IEnumerable<HistoryRecord>> steps)
    {
        using var folder = new TempFolder("steps");
        var count = 0;
        foreach (var step in steps)
        {
            var file = folder.Write($"in/{count:D5}.json", string.Join('\n', step.Where(record => job.Inputs.ContainsKey(record.Topic)).Select((record, i) => JsonSerializer.Serialize(new { value = record.Value, topic = record.Topic, partition = 0, offset = i, timestamp = Written }))));
            // The source reads the oldest file first.
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(20_000).AddMinutes(count++));
        }
        session.Conf().Set("spark.sql.streaming.numRecentProgressUpdates", count.ToString(CultureInfo.InvariantCulture) + "0");
        // Each partition of the state is a file for each batch; there is little in it.
        session.Conf().Set("spark.sql.shuffle.partitions", "1");
        var records = session.ReadStream().Format("json").Schema(Record).Option("maxFilesPerTrigger", "1").Load(folder.File("in"));
        var query = CloudEvents.Records(job.Transform(Events.Read(records, job)), job).WriteStream()
            .Format("noop").OutputMode(job.OutputMode).Option("checkpointLocation", folder.File("checkpoint")).Trigger(Trigger.AvailableNow()).Start();
        query.AwaitTermination();
        return [.. query.RecentProgress().Where(batch => batch.NumInputRows > 0)];
    }
}
