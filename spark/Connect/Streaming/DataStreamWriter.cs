using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>Writes a stream, made by <see cref="DataFrame.WriteStream"/>.</summary>
public sealed class DataStreamWriter
{
    readonly SparkClient client;
    readonly WriteStreamOperationStart operation;

    internal DataStreamWriter(SparkClient client, Relation input)
    {
        this.client = client;
        operation = new() { Input = input };
    }

    /// <summary>The sink: kafka, memory, console, or a file format.</summary>
    public DataStreamWriter Format(string format)
    {
        operation.Format = format;
        return this;
    }

    /// <summary>An option of the sink; <c>checkpointLocation</c> is where the stream keeps how far it is.</summary>
    public DataStreamWriter Option(string key, string value)
    {
        operation.Options[key] = value;
        return this;
    }

    /// <summary>append (rows that are final), update (rows that changed) or complete (all rows).</summary>
    public DataStreamWriter OutputMode(string mode)
    {
        operation.OutputMode = mode;
        return this;
    }

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

    /// <summary>Starts the stream.</summary>
    public StreamingQuery Start()
    {
        var response = client.ExecuteCommand(new() { WriteStreamOperationStart = operation });
        var started = response?.WriteStreamOperationStartResult ?? throw new SparkException("the server did not start the stream");
        return new StreamingQuery(client, started.QueryId, started.Name);
    }

    /// <summary>Starts the stream into a path.</summary>
    public StreamingQuery Start(string path)
    {
        operation.Path = path;
        return Start();
    }
}
