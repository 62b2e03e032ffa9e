using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect;

/// <summary>Reads tables from outside, made by <see cref="SparkSession.Read"/>.</summary>
public sealed class DataFrameReader
{
    readonly SparkClient client;
    readonly Read.Types.DataSource source = new();

    internal DataFrameReader(SparkClient client) => this.client = client;

    /// <summary>The format: json, parquet, text, kafka …</summary>
    public DataFrameReader Format(string format)
    {
        source.Format = format;
        return this;
    }

    /// <summary>An option of the format.</summary>
    public DataFrameReader Option(string key, string value)
    {
        source.Options[key] = value;
        return this;
    }

    /// <summary>The columns, in DDL.</summary>
    public DataFrameReader Schema(string ddl)
    {
        source.Schema = ddl;
        return this;
    }

    /// <summary>The table.</summary>
    public DataFrame Load(params string[] paths)
    {
        var complete = source.Clone();
        complete.Paths.Add(paths);
        return new DataFrame(client, new Relation { Read = new() { DataSource = complete } });
    }

    /// <summary>Text files, a row per line, as the column <c>value</c>.</summary>
    public DataFrame Text(params string[] paths) => Format("text").Load(paths);

    /// <summary>JSON lines.</summary>
    public DataFrame Json(params string[] paths) => Format("json").Load(paths);

    /// <summary>Parquet files.</summary>
    public DataFrame Parquet(params string[] paths) => Format("parquet").Load(paths);

    /// <summary>A table or view by name.</summary>
    public DataFrame Table(string name) => new(client, new Relation { Read = new() { NamedTable = new() { UnparsedIdentifier = name } } });
}
