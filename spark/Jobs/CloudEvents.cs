using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>Rows as CloudEvents for Kafka.</summary>
public static class CloudEvents
{
    // Fields that are null are written, as readers ask for every field of an event; times to the microsecond, as Spark keeps them.
    static readonly Dictionary<string, string> Json = new() { ["ignoreNullFields"] = "false", ["timestampFormat"] = "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX" };

    /// <summary>
    /// The rows of a job as records: key = the row's natural key. The id comes from the row and from <paramref name="epoch"/>,
    /// the life of one checkpoint: a batch that is done again sends the same ids; a run from scratch sends new ones, because
    /// its intermediate rows may differ and the last one must not be taken for one already seen.
    /// </summary>
    public static DataFrame Records(DataFrame rows, Job job, string epoch)
    {
        var data = Struct(Col("*"));
        var key = ConcatWs("|", [.. job.Key.Select(column => Col(column).Cast("string"))]);
        return rows
            .Select(key.As("key"), data.As("data"))
            .Select(Col("key"), Value(job.OutputTopic, Lit(job.Source), ConcatWs("|", Lit(epoch), Lit(job.Name), ToJson(Col("data"), Json)), Col("key"), Col("data")).As("value"));
    }

    /// <summary>One event as JSON text; the id is made from <paramref name="identity"/>.</summary>
    public static Column Value(string type, Column source, Column identity, Column subject, Column data) => ToJson(
        Struct(
            Lit("1.0").As("specversion"),
            Uuid(identity).As("id"),
            source.As("source"),
            Lit(type).As("type"),
            subject.As("subject"),
            CurrentTimestamp().As("time"),
            Lit("application/json").As("datacontenttype"),
            data.As("data")),
        Json);

    static Column Uuid(Column identity)
    {
        var hash = Md5(identity.Cast("binary"));
        return ConcatWs("-", Substring(hash, 1, 8), Substring(hash, 9, 4), Substring(hash, 13, 4), Substring(hash, 17, 4), Substring(hash, 21, 12));
    }
}
