using Ecom.Spark.Connect;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Spark.Jobs;

/// <summary>Rows as CloudEvents for Kafka.</summary>
public static class CloudEvents
{
    // Fields that are null are written, as readers ask for every field of an event; times to the microsecond, as Spark keeps them.
    static readonly Dictionary<string, string> Json = new() { ["ignoreNullFields"] = "false", ["timestampFormat"] = "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX" };

    /// <summary>
    /// The rows of a job as records: key = the row's natural key. <c>sequence</c> is how much the row has counted, <c>time</c> the
    /// newest event of that, and the id comes from the row and its sequence: whoever counts the same says the same, and a reader
    /// keeps the version that has counted most.
    /// </summary>
    public static DataFrame Records(DataFrame rows, Job job)
    {
        var key = ConcatWs("|", [.. job.Key.Select(column => Col(column).Cast("string"))]);
        return rows
            .Select(
                key.As("key"),
                Expr($"struct(* EXCEPT ({Job.Sequence}, {Job.Newest}))").As("data"),
                Col(Job.Newest).As("time"),
                CallFunction("lpad", Col(Job.Sequence).Cast("string"), Lit(20), Lit("0")).As("sequence"))
            .Select(
                Col("key"),
                Value(
                    job.OutputTopic, Lit(job.Source), ConcatWs("|", Lit(job.OutputTopic), Col("key"), Col("sequence"), ToJson(Col("data"), Json)),
                    Col("key"), Col("time"), Col("data"), Col("sequence").As("sequence")).As("value"));
    }

    /// <summary>One event as JSON text; the id is made from <paramref name="identity"/>.</summary>
    /// <param name="further">Attributes that not every event has.</param>
    public static Column Value(string type, Column source, Column identity, Column subject, Column time, Column data, params Column[] further) => ToJson(
        Struct(
        [
            Lit("1.0").As("specversion"),
            Uuid(identity).As("id"),
            source.As("source"),
            Lit(type).As("type"),
            subject.As("subject"),
            time.As("time"),
            Lit("application/json").As("datacontenttype"),
            .. further,
            data.As("data"),
        ]),
        Json);

    static Column Uuid(Column identity)
    {
        var hash = Md5(identity.Cast("binary"));
        return ConcatWs("-", Substring(hash, 1, 8), Substring(hash, 9, 4), Substring(hash, 13, 4), Substring(hash, 17, 4), Substring(hash, 21, 12));
    }
}
