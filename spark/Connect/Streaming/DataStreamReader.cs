using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect.Streaming;

/// <summary>Reads streams, made by <see cref="SparkSession.ReadStream"/>.</summary>
public sealed class DataStreamReader : DataReader<DataStreamReader>
{
    internal DataStreamReader(SparkClient client)
        : base(client, streaming: true) { }
}
