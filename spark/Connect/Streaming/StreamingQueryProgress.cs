using System.Text.Json;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>What one batch of a stream did.</summary>
/// <param name="Timestamp">When the batch began, by the server's clock, in whole milliseconds.</param>
/// <param name="StateOperators">Those that remember, the one nearest to the sink first.</param>
/// <param name="RowsBehind">What lay in Kafka when the batch ended and was not read yet, by topic.</param>
public sealed record StreamingQueryProgress(
    string? Name,
    DateTimeOffset Timestamp,
    long BatchId,
    long NumInputRows,
    double InputRowsPerSecond,
    double ProcessedRowsPerSecond,
    TimeSpan BatchDuration,
    DateTimeOffset? Watermark,
    IReadOnlyList<StateOperatorProgress> StateOperators,
    IReadOnlyDictionary<string, long> RowsBehind,
    string Json)
{
    /// <summary>The stream's id: the same for every start from one checkpoint.</summary>
    public required string Id { get; init; }

    /// <summary>The stream's run: new for every start.</summary>
    public required string RunId { get; init; }

    /// <summary>What all operators remember.</summary>
    public long StateRows => StateOperators.Sum(state => state.NumRowsTotal);

    /// <summary>The memory of <see cref="StateRows"/>, by Spark's own estimate.</summary>
    public long StateBytes => StateOperators.Sum(state => state.MemoryUsedBytes);

    /// <summary>
    /// What came too late. An operator passes on only what it did not drop, so in a chain a row counts once; a row that goes two
    /// ways, each with an operator, counts on both.
    /// </summary>
    public long RowsDroppedByWatermark => StateOperators.Sum(state => state.NumRowsDroppedByWatermark);

    internal static StreamingQueryProgress Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        // The rows of a batch are told per source only.
        var sources = Items(root, "sources");
        return new StreamingQueryProgress(
            root.TryGetProperty("name", out var name) ? name.GetString() : null,
            root.GetProperty("timestamp").GetDateTimeOffset(),
            root.GetProperty("batchId").GetInt64(),
            sources.Sum(s => Number(s, "numInputRows")),
            sources.Sum(s => Rate(s, "inputRowsPerSecond")),
            sources.Sum(s => Rate(s, "processedRowsPerSecond")),
            TimeSpan.FromMilliseconds(root.TryGetProperty("durationMs", out var durations) ? Number(durations, "triggerExecution") : 0),
            WatermarkOf(root),
            [.. Items(root, "stateOperators").Select(StateOf)],
            sources.SelectMany(Behind).GroupBy(topic => topic.Name).ToDictionary(topic => topic.Key, topic => topic.Sum(t => t.Rows)),
            json)
        {
            Id = root.GetProperty("id").GetString()!,
            RunId = root.GetProperty("runId").GetString()!,
        };
    }

    static JsonElement[] Items(JsonElement root, string name) => root.TryGetProperty(name, out var items) ? [.. items.EnumerateArray()] : [];

    static long Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetInt64() : 0;

    static StateOperatorProgress StateOf(JsonElement state) => new(
        state.TryGetProperty("operatorName", out var name) ? name.GetString()! : "",
        Number(state, "numRowsTotal"),
        Number(state, "memoryUsedBytes"),
        Number(state, "numRowsDroppedByWatermark"));

    // Absent, or "NaN" as text, where a batch had no rows to measure by.
    static double Rate(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;

    /// <summary>By topic, what lies in Kafka and was not in the batch; of another kind of source nothing is told.</summary>
    static IEnumerable<(string Name, long Rows)> Behind(JsonElement source)
    {
        var read = Offsets(source, "endOffset").ToDictionary(end => end.Place, end => end.Offset);
        return Offsets(source, "latestOffset").Select(latest => (latest.Place.Topic, Math.Max(0, latest.Offset - read.GetValueOrDefault(latest.Place))));
    }

    /// <summary>Kafka's are JSON in a text: <c>{"topic":{"0":12}}</c>.</summary>
    static IEnumerable<((string Topic, string Partition) Place, long Offset)> Offsets(JsonElement source, string name) =>
        source.TryGetProperty("description", out var kind) && kind.GetString()?.StartsWith("KafkaV2", StringComparison.Ordinal) == true && source.TryGetProperty(name, out var text) && text.GetString() is { } json
            ? JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, long>>>(json)!.SelectMany(topic => topic.Value, (topic, partition) => ((topic.Key, partition.Key), partition.Value))
            : [];

    static DateTimeOffset? WatermarkOf(JsonElement root)
    {
        if (!root.TryGetProperty("eventTime", out var times) || !times.TryGetProperty("watermark", out var watermark))
            return null;
        var time = watermark.GetDateTimeOffset();
        return time == DateTimeOffset.UnixEpoch ? null : time; // the epoch stands for «none yet»
    }
}

/// <summary>What one operator of a stream remembers.</summary>
/// <param name="OperatorName">As Spark calls it: stateStoreSave, dedupeWithinWatermark, symmetricHashJoin …</param>
/// <param name="MemoryUsedBytes">By the state store's own estimate.</param>
/// <param name="NumRowsDroppedByWatermark">Rows that came to it too late.</param>
public sealed record StateOperatorProgress(string OperatorName, long NumRowsTotal, long MemoryUsedBytes, long NumRowsDroppedByWatermark);
