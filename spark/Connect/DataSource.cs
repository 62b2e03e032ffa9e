using System.Globalization;
using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Types;
using Ecom.Spark.Connect.Wire;
using Google.Protobuf.Collections;

namespace Ecom.Spark.Connect;

/// <summary>What all readers and writers have in common: a format and its options.</summary>
/// <typeparam name="TSelf">The reader or writer itself, so that calls can be chained.</typeparam>
public abstract class DataSource<TSelf>
    where TSelf : DataSource<TSelf>
{
    private protected DataSource(MapField<string, string> options) => Settings = options;

    private protected MapField<string, string> Settings { get; }

    private protected TSelf Self => (TSelf)this;

    /// <summary>The format: json, csv, parquet, text, jdbc, kafka …</summary>
    public abstract TSelf Format(string format);

    /// <summary>An option of the format.</summary>
    public TSelf Option(string key, string value)
    {
        Settings[key] = value;
        return Self;
    }

    /// <inheritdoc cref="Option(string, string)"/>
    public TSelf Option(string key, bool value) => Option(key, value ? "true" : "false");

    /// <inheritdoc cref="Option(string, string)"/>
    public TSelf Option(string key, long value) => Option(key, value.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc cref="Option(string, string)"/>
    public TSelf Option(string key, double value) => Option(key, value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>Options of the format.</summary>
    public TSelf Options(IReadOnlyDictionary<string, string> options)
    {
        foreach (var (key, value) in options)
            Settings[key] = value;
        return Self;
    }
}

/// <summary>What <see cref="DataFrameReader"/> and <see cref="Streaming.DataStreamReader"/> have in common: where the rows come from.</summary>
/// <typeparam name="TSelf">The reader itself, so that calls can be chained.</typeparam>
public abstract class DataReader<TSelf> : DataSource<TSelf>
    where TSelf : DataReader<TSelf>
{
    readonly SparkClient client;
    readonly bool streaming;
    readonly Read.Types.DataSource source;

    private protected DataReader(SparkClient client, bool streaming)
        : this(client, streaming, new()) { }

    DataReader(SparkClient client, bool streaming, Read.Types.DataSource source)
        : base(source.Options) => (this.client, this.streaming, this.source) = (client, streaming, source);

    /// <inheritdoc/>
    public override TSelf Format(string format)
    {
        source.Format = format;
        return Self;
    }

    /// <summary>The columns, in DDL such as <c>id string, at timestamp</c>; streams of files need them.</summary>
    public TSelf Schema(string ddl)
    {
        source.Schema = ddl;
        return Self;
    }

    /// <summary>The columns.</summary>
    public TSelf Schema(StructType schema) => Schema(schema.ToColumnsDdl());

    /// <summary>The rows at the paths, or of a format that has none.</summary>
    public DataFrame Load(params string[] paths)
    {
        var complete = source.Clone();
        complete.Paths.Add(paths);
        return Frame(new() { DataSource = complete });
    }

    /// <summary>Text files, a row per line, as the column <c>value</c>.</summary>
    public DataFrame Text(params string[] paths) => Format("text").Load(paths);

    /// <summary>JSON lines.</summary>
    public DataFrame Json(params string[] paths) => Format("json").Load(paths);

    /// <summary>CSV files; the option <c>header</c> says whether their first line names the columns.</summary>
    public DataFrame Csv(params string[] paths) => Format("csv").Load(paths);

    /// <summary>Parquet files.</summary>
    public DataFrame Parquet(params string[] paths) => Format("parquet").Load(paths);

    /// <summary>ORC files.</summary>
    public DataFrame Orc(params string[] paths) => Format("orc").Load(paths);

    /// <summary>A table or view by name.</summary>
    public DataFrame Table(string name) => Frame(new() { NamedTable = new() { UnparsedIdentifier = name, Options = { Settings } } });

    DataFrame Frame(Read read)
    {
        read.IsStreaming = streaming;
        return new DataFrame(client, new Relation { Read = read });
    }
}
