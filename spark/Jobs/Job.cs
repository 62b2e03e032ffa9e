using System.Globalization;
using Ecom.Contracts;
using Ecom.Spark.Connect;

namespace Ecom.Spark.Jobs;

/// <summary>What a job reads, what it makes of it, and where that goes.</summary>
/// <param name="Name">As on the command line, in the checkpoint folder and in <c>source</c>.</param>
/// <param name="OutputTopic">Where the rows go, each as a CloudEvent of this type.</param>
/// <param name="OutputMode">update: a row is sent again whenever it changes; append: once, when it is final.</param>
/// <param name="Key">The columns that name a row: the record key, by which the reader upserts.</param>
/// <param name="RowTime">The column by which a row lies in time.</param>
/// <param name="Reach">How far after its row time a row's facts may lie: its window's length, a cart's patience.</param>
/// <param name="Inputs">The topics, each with the facts that an event must carry to be read; with the heartbeat time goes on when none of the others has an event.</param>
/// <param name="Transform">Events in (see <see cref="Events"/>), rows out, with <see cref="Sequence"/> and <see cref="Newest"/>; no source, no sink, no clock.</param>
public sealed record Job(
    string Name,
    string OutputTopic,
    string OutputMode,
    IReadOnlyList<string> Key,
    string RowTime,
    TimeSpan Reach,
    IReadOnlyDictionary<string, Fact[]> Inputs,
    Func<DataFrame, DataFrame> Transform)
{
    public const string Update = "update";
    public const string Append = "append";

    /// <summary>Two columns of every row that are none of its data: how much it has counted, and the time of the newest event of that.</summary>
    public const string Sequence = "sequence", Newest = "newest";

    /// <summary>Every job, in the order of <c>all</c>.</summary>
    public static IReadOnlyList<Job> All { get; } =
        [RevenueStreaming.Job, FraudDetection.Job, CartAbandonment.Job, InventoryVelocity.Job, OperationalMetrics.Job];

    /// <summary>
    /// Whether a second record of an event is dropped, for which the ids of the lateness are remembered. A job does without where
    /// an event told twice makes the same row again and nothing else: it remembers less.
    /// </summary>
    public bool DropsCopies { get; init; } = true;

    /// <summary>The CloudEvents source, and the subscriber's name in dead letters.</summary>
    public string Source => "spark-" + Name;
}

/// <summary>A member of <c>data</c>: its type, and the condition under which an event that has it can be read.</summary>
public sealed record Fact(string Name, string Type, string Condition)
{
    const string IdPattern = "^[A-Za-z0-9._@-]{1,64}$";

    /// <summary>An id as the whole shop writes them.</summary>
    public static Fact Id(string name) => new(name, "STRING", $"data.{name} RLIKE '{IdPattern}'");

    /// <summary>Money: read with more places than it may have, so that a third one is seen and not rounded away.</summary>
    public static Fact Money(string name) =>
        new(name, "DECIMAL(18,6)", $"data.{name} BETWEEN 0 AND {MaxMoney} AND data.{name} = round(data.{name}, 2)");

    /// <summary>The lines of an order: product and quantity.</summary>
    public static Fact Lines(string name) => new(
        name,
        "ARRAY<STRUCT<product_id: STRING, quantity: INT>>",
        $"forall(data.{name}, line -> coalesce(line.product_id RLIKE '{IdPattern}' AND line.quantity BETWEEN 1 AND 999, false))");

    /// <summary>What each topic is expected to have in a minute.</summary>
    public static Fact Rhythm(string name) => new(
        name,
        "ARRAY<STRUCT<topic: STRING, per_minute: DECIMAL(18,6)>>",
        $"forall(data.{name}, line -> coalesce(length(line.topic) > 0 AND line.per_minute >= 0, false))");

    /// <summary>The most that numeric(12,2) holds: larger sums stay at it, as a sum that does not fit would end the query.</summary>
    public static string MaxMoney { get; } = Check.MaxMoney.ToString(CultureInfo.InvariantCulture);
}
