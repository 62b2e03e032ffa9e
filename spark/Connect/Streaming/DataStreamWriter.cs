using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>Which rows a stream writes after a batch.</summary>
public enum OutputMode
{
    /// <summary>Those that are final.</summary>
    Append,
    /// <summary>All of them.</summary>
    Complete,
    /// <summary>Those that changed.</summary>
    Update,
}

/// <summary>Writes a stream, made by <see cref="DataFrame.WriteStream"/>.</summary>
public sealed class DataStreamWriter : DataSource<DataStreamWriter>
{
    readonly SparkClient client;
    readonly WriteStreamOperationStart operation;

    internal DataStreamWriter(SparkClient client, Relation input)
        : this(client, new WriteStreamOperationStart { Input = input }) { }

    DataStreamWriter(SparkClient client, WriteStreamOperationStart operation)
        : base(operation.Options) => (this.client, this.operation) = (client, operation);

    /// <summary>The sink: kafka, memory, console, or a file format. Its option <c>checkpointLocation</c> is where the stream keeps how far it is.</summary>
    public override DataStreamWriter Format(string format)
    {
        operation.Format = format;
        return this;
    }

    /// <summary>append (rows that are final), update (rows that changed) or complete (all rows).</summary>
    public DataStreamWriter OutputMode(string mode)
    {
        operation.OutputMode = mode;
        return this;
    }

    /// <summary>Which rows are written after a batch.</summary>
    public DataStreamWriter OutputMode(OutputMode mode) => OutputMode(mode.ToString());

    /// <summary>The name of the stream; the memory sink makes a view of it.</summary>
    public DataStreamWriter QueryName(string name)
    {
        operation.QueryName = name;
        return this;
    }

    /// <summary>When the next batch is taken.</summary>
    public DataStreamWriter Trigger(Trigger trigger)
    {
        trigger.Apply(operation);
        return this;
    }

    /// <summary>A folder for each value of these columns.</summary>
    public DataStreamWriter PartitionBy(params string[] columns)
    {
        operation.PartitioningColumnNames.Clear();
        operation.PartitioningColumnNames.Add(columns);
        return this;
    }

    /// <summary>Starts the stream; into a path, or where the options say.</summary>
    public StreamingQuery Start(string? path = null) => StartAsync(path).Now();

    /// <summary>Starts the stream into a table of Spark's own catalog, which is made if it is not there.</summary>
    public StreamingQuery ToTable(string name) => ToTableAsync(name).Now();

    /// <inheritdoc cref="Start"/>
    public async Task<StreamingQuery> StartAsync(string? path = null, CancellationToken cancellation = default)
    {
        if (path is not null)
            operation.Path = path;
        var response = await client.ExecuteCommand(new() { WriteStreamOperationStart = operation }, cancellation).ConfigureAwait(false);
        var started = response?.WriteStreamOperationStartResult ?? throw new SparkException("the server did not start the stream");
        if (started.HasQueryStartedEventJson)
            client.Listeners.Started(started.QueryStartedEventJson);
        return new StreamingQuery(client, started.QueryId, started.Name);
    }

    /// <inheritdoc cref="ToTable"/>
    public Task<StreamingQuery> ToTableAsync(string name, CancellationToken cancellation = default)
    {
        operation.TableName = name;
        return StartAsync(null, cancellation);
    }
}
