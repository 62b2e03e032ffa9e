namespace Ecom.Spark.Connect;

/// <summary>The values of a row without their names, for <see cref="SparkSession.CreateDataFrame(IEnumerable{GenericRow}, Types.StructType)"/>.</summary>
public sealed class GenericRow(object?[] values)
{
    /// <summary>The values, in the order of the schema.</summary>
    public IReadOnlyList<object?> Values { get; } = values;
}
