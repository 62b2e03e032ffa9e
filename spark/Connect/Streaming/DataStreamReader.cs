using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>Reads streams, made by <see cref="SparkSession.ReadStream"/>.</summary>
public sealed class DataStreamReader
{
    readonly SparkClient client;
    readonly Read.Types.DataSource source = new();

    internal DataStreamReader(SparkClient client) => this.client = client;

    /// <summary>The format: kafka, rate, json …</summary>
    public DataStreamReader Format(string format)
    {
        source.Format = format;
        return this;
    }

    /// <summary>An option of the format.</summary>
    public DataStreamReader Option(string key, string value)
    {
        source.Options[key] = value;
        return this;
    }

    /// <summary>The columns, in DDL; streams of files need them.</summary>
    public DataStreamReader Schema(string ddl)
    {
        source.Schema = ddl;
        return this;
    }

    /// <summary>The stream.</summary>
    public DataFrame Load(params string[] paths)
    {
        var complete = source.Clone();
        complete.Paths.Add(paths);
        return new DataFrame(client, new Relation { Read = new() { DataSource = complete, IsStreaming = true } });
    }
}
