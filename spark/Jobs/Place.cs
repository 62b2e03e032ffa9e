using System.Globalization;
using System.Text.Json;

namespace Ecom.Spark.Jobs;

/// <summary>Where in its topics a reader begins.</summary>
public sealed class Place
{
    readonly Func<IEnumerable<string>, Dictionary<string, string>> options;

    Place(Func<IEnumerable<string>, Dictionary<string, string>> options) => this.options = options;

    /// <summary>At the oldest record.</summary>
    public static Place Oldest { get; } = new(topics => Of(topics, new() { ["startingOffsets"] = "earliest" }));

    /// <summary>At the oldest record of one partition; no other one is read.</summary>
    public static Place OldestOf(Partition partition) => new(_ => new() { ["assign"] = JsonSerializer.Serialize(new Dictionary<string, int[]> { [partition.Topic] = [partition.Number] }), ["startingOffsets"] = "earliest" });

    /// <summary>At the first record of each partition that is not older than a time by its timestamp; where there is none, at the end.</summary>
    public static Place Written(DateTimeOffset time) => time <= DateTimeOffset.UnixEpoch ? Oldest : new(topics => Of(topics, new()
    {
        ["startingTimestamp"] = time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        ["startingOffsetsByTimestampStrategy"] = "latest",
    }));

    /// <summary>At an offset of each partition; a partition without one is not read.</summary>
    public static Place At(IReadOnlyDictionary<Partition, long> offsets)
    {
        var topics = offsets.GroupBy(place => place.Key.Topic).ToList();
        return new(_ => new()
        {
            ["assign"] = JsonSerializer.Serialize(topics.ToDictionary(topic => topic.Key, topic => topic.Select(place => place.Key.Number))),
            ["startingOffsets"] = JsonSerializer.Serialize(topics.ToDictionary(topic => topic.Key, topic => topic.ToDictionary(place => place.Key.Number, place => place.Value))),
        });
    }

    /// <summary>The options of Spark's Kafka source that say so.</summary>
    public Dictionary<string, string> Options(IEnumerable<string> topics) => options(topics);

    static Dictionary<string, string> Of(IEnumerable<string> topics, Dictionary<string, string> where) => new(where) { ["subscribe"] = string.Join(',', topics) };
}

/// <summary>A partition of a topic.</summary>
public readonly record struct Partition(string Topic, int Number);
