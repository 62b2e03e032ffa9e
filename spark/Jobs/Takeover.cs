using System.Text.Json;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// Where a stream took over from a batch that had computed the past: it reads what was written since, and tells the rows from a time
/// on. Each takeover begins a new life of the query's checkpoint. A line in the folder of the job's checkpoint says so.
/// </summary>
/// <param name="Number">Of the life: 0 is the one that no takeover began.</param>
/// <param name="From">The first row time that is the stream's; null: all are.</param>
/// <param name="Written">When the oldest record was written that it needs; null: it needs all.</param>
/// <param name="Records">How many there were to read then.</param>
public sealed record Takeover(int Number, DateTimeOffset? From, DateTimeOffset? Written, long Records)
{
    public static Takeover None { get; } = new(0, null, null, 0);

    /// <summary>Where the stream begins to read.</summary>
    public Place Place => Written is { } time ? Place.Written(time) : Place.Oldest;

    /// <summary>The folder in which the query keeps how far it is.</summary>
    public string Query(Checkpoint checkpoint) => Number == 0 ? checkpoint.Query : $"{checkpoint.Query}-{Number}";

    /// <summary>The rows that are the stream's.</summary>
    public DataFrame Rows(DataFrame rows, Job job) => From is { } time ? rows.Filter(Col(job.RowTime) >= time) : rows;

    /// <summary>
    /// The most of a batch. What a takeover left to the stream is read at once, with what came meanwhile: read in parts it would move
    /// time on by one topic while another is still to be read.
    /// </summary>
    public long RecordsPerBatch(long most) => Math.Max(most, 2 * Records);

    /// <summary>The last one of a job.</summary>
    public static Takeover Last(SparkSession session, Checkpoint checkpoint) =>
        ServerFolder.Lines(session, Folder(checkpoint))?.Select(line => JsonSerializer.Deserialize<Takeover>(line)!).MaxBy(takeover => takeover.Number) ?? None;

    /// <summary>From here on it counts.</summary>
    public void Keep(SparkSession session, Checkpoint checkpoint) =>
        ServerFolder.Write(session, Folder(checkpoint), JsonSerializer.Serialize(this), SaveMode.Append);

    static string Folder(Checkpoint checkpoint) => checkpoint.Query + "-takeovers";
}
