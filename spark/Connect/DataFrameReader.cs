using Ecom.Spark.Connect.Wire;

namespace Ecom.Spark.Connect;

/// <summary>Reads tables from outside, made by <see cref="SparkSession.Read"/>.</summary>
public sealed class DataFrameReader : DataReader<DataFrameReader>
{
    internal DataFrameReader(SparkClient client)
        : base(client, streaming: false) { }

    /// <summary>A table, or a query in parentheses with a name, of a database that Spark has the driver of.</summary>
    /// <param name="url">Such as <c>jdbc:postgresql://localhost/shop</c>.</param>
    /// <param name="table">The table's name there.</param>
    /// <param name="properties">The driver's own: user, password …</param>
    public DataFrame Jdbc(string url, string table, IReadOnlyDictionary<string, string> properties) =>
        Format("jdbc").Options(properties).Option("url", url).Option("dbtable", table).Load();
}
