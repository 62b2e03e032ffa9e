using System.Globalization;
using System.Text.Json;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>How far a query is, as Spark's own logs in its checkpoint say.</summary>
/// <param name="Watermark">Of the last batch that was finished: what it made final has been told. Null: there was none.</param>
/// <param name="Read">Up to where the batches read, the one that was begun and not finished included.</param>
/// <param name="IsInBatch">There is such a one: the next start does it first.</param>
public sealed record StreamProgress(DateTimeOffset? Watermark, IReadOnlyDictionary<Partition, long> Read, bool IsInBatch)
{
    /// <returns>Null: it has begun no batch.</returns>
    public static StreamProgress? Of(SparkSession session, string query)
    {
        if (Files(session, query + "/offsets") is not { Count: > 0 } begun)
            return null;
        var last = begun.Keys.Max();
        var finished = Files(session, query + "/commits")?.Keys.Append(-1).Max() ?? -1;
        return new(begun.TryGetValue(finished, out var text) ? WatermarkOf(text) : null, OffsetsOf(begun[last]), finished < last);
    }

    // «v1», a line about the batch, and a line for each source.
    static DateTimeOffset? WatermarkOf(string text)
    {
        using var batch = JsonDocument.Parse(text.Split('\n')[1]);
        return batch.RootElement.GetProperty("batchWatermarkMs").GetInt64() is > 0 and var time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
    }

    static Dictionary<Partition, long> OffsetsOf(string text) => text.Split('\n').Skip(2).Where(line => line.StartsWith('{'))
        .SelectMany(line => JsonSerializer.Deserialize<Dictionary<string, Dictionary<int, long>>>(line)!)
        .SelectMany(topic => topic.Value, (topic, partition) => (Partition: new Partition(topic.Key, partition.Key), Offset: partition.Value))
        .GroupBy(place => place.Partition).ToDictionary(place => place.Key, place => place.Min(source => source.Offset));

    /// <summary>The files of a log, each by the number of its batch.</summary>
    static Dictionary<long, string>? Files(SparkSession session, string folder) =>
        ServerFolder.Rows(session.Read().Option("wholetext", "true").Text(folder).Select(Col("_metadata.file_name"), Col("value")))
            ?.Where(file => long.TryParse(file.GetAs<string>(0), CultureInfo.InvariantCulture, out _))
            .ToDictionary(file => long.Parse(file.GetAs<string>(0), CultureInfo.InvariantCulture), file => file.GetAs<string>(1));
}
