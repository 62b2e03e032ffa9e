using Ecom.Contracts;
using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>
/// The events of a job, read out of Kafka once: a table on the server that lies by hours of event time, so that parts of it can be
/// computed one after another. It goes when it is disposed; what a crash left behind, when the folder is filled again.
/// </summary>
public sealed class Staged : IDisposable
{
    const int SecondsPerHour = 3600;

    readonly SparkSession session;
    readonly string database;
    readonly Lazy<IReadOnlyDictionary<Partition, long>> firstOffsets;

    Staged(SparkSession session, string database)
    {
        (this.session, this.database) = (session, database);
        var hours = Table.GroupBy(Col("hour")).Agg(Count().As("events"), Min(Col("event_time")).As("oldest"), Max(Col("event_time")).As("newest")).OrderBy("hour").Collect();
        Hours = [.. hours.Select(hour => (DateTimeOffset.FromUnixTimeSeconds(hour.GetAs<long>("hour") * SecondsPerHour), hour.GetAs<long>("events")))];
        Oldest = hours.Count == 0 ? null : hours[0].GetAs<DateTimeOffset>("oldest");
        Newest = hours.Count == 0 ? null : hours[^1].GetAs<DateTimeOffset>("newest");
        firstOffsets = new(() => Table.GroupBy(Col("topic"), Col("partition")).Agg(Min(Col("offset")).As("first")).Collect()
            .ToDictionary(row => new Partition(row.GetAs<string>("topic"), row.GetAs<int>("partition")), row => row.GetAs<long>("first")));
    }

    /// <summary>The hours that have events, and how many, oldest first.</summary>
    public IReadOnlyList<(DateTimeOffset Start, long Events)> Hours { get; }

    public DateTimeOffset? Oldest { get; }

    public DateTimeOffset? Newest { get; }

    /// <summary>Of each partition that has events here, the first one's offset.</summary>
    public IReadOnlyDictionary<Partition, long> FirstOffsets => firstOffsets.Value;

    DataFrame Table => session.Table(database + ".events");

    /// <summary>Reads the job's events with a time in [<paramref name="from"/>, <paramref name="until"/>); null: without that bound.</summary>
    /// <param name="folder">On the server; whatever is in it goes.</param>
    public static Staged Fill(SparkSession session, Kafka kafka, Job job, string folder, DateTimeOffset? from, DateTimeOffset? until = null)
    {
        var database = $"staged_{job.Name}_{Guid.NewGuid():N}";
        ServerFolder.Claim(session, folder, database);
        var events = Events.Valid(kafka.Table(job, from is { } first ? WrittenWith(first) : Place.Oldest), job)
            .Select(Col("event_id"), Col("event_time"), Col("topic"), Col("data"), Col("partition"), Col("offset"), Col("timestamp"), Expr($"CAST(floor(unix_seconds(event_time) / {SecondsPerHour}) AS BIGINT)").As("hour"));
        if (from is not null)
            events = events.Filter(Col("event_time") >= from);
        if (until is not null)
            events = events.Filter(Col("event_time") < until);
        try
        {
            events.CreateOrReplaceTempView(database);
            session.Sql($"CREATE TABLE {database}.events USING parquet PARTITIONED BY (hour) AS SELECT /*+ REPARTITION(hour) */ * FROM {database}");
            session.Sql($"DROP VIEW {database}");
            return new(session, database);
        }
        catch
        {
            Drop(session, database);
            throw;
        }
    }

    /// <summary>Where the record lies of an event of this time or a later one: no event is further ahead of its record than that.</summary>
    public static Place WrittenWith(DateTimeOffset time) => Place.Written(time - AnalyticsRules.Ahead);

    /// <summary>The events with a time in [<paramref name="from"/>, <paramref name="until"/>), as a job reads them.</summary>
    public DataFrame Between(DateTimeOffset from, DateTimeOffset until) =>
        Events.Once(Since(from).Filter(Col("event_time") < until & Col("hour") <= HourOf(until)).Select("event_id", "event_time", "topic", "data"));

    /// <summary>When the first record was written that holds an event of <paramref name="time"/> or later; null: there is none.</summary>
    public DateTimeOffset? FirstWrittenSince(DateTimeOffset time) => (DateTimeOffset?)Since(time).Agg(Min(Col("timestamp")).As("first")).Collect()[0].Get("first");

    public void Dispose() => Drop(session, database);

    DataFrame Since(DateTimeOffset time) => Table.Filter(Col("hour") >= HourOf(time) & Col("event_time") >= time);

    static long HourOf(DateTimeOffset time) => (long)Math.Floor(time.ToUnixTimeSeconds() / (double)SecondsPerHour);

    static void Drop(SparkSession session, string database)
    {
        try
        {
            ServerFolder.Drop(session, database);
        }
        catch (SparkException)
        {
            // The server is gone, or the session is; the next one that fills the folder begins by emptying it.
        }
    }
}
