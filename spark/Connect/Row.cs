using Ecom.Spark.Connect.Types;

namespace Ecom.Spark.Connect;

/// <summary>One row of a result, or one value of a struct column.</summary>
public sealed class Row(IReadOnlyList<object?> values, StructType schema)
{
    /// <summary>The values, in the order of the schema.</summary>
    public IReadOnlyList<object?> Values { get; } = values;

    /// <summary>Names and types of the values.</summary>
    public StructType Schema { get; } = schema;

    /// <summary>The value of a column.</summary>
    public object? this[string name] => Get(name);

    /// <summary>The value at a position.</summary>
    public object? this[int index] => Get(index);

    /// <summary>The number of columns.</summary>
    public int Size() => Values.Count;

    /// <summary>The value at a position.</summary>
    public object? Get(int index) => Values[index];

    /// <summary>The value of a column.</summary>
    public object? Get(string name) => Values[Schema.IndexOf(name)];

    /// <summary>The value at a position as its .NET type.</summary>
    public T GetAs<T>(int index) => (T)Values[index]!;

    /// <summary>The value of a column as its .NET type; use a nullable type where null can be.</summary>
    public T GetAs<T>(string name) => (T)Get(name)!;

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(",", Values.Select(value => value ?? "null"))}]";
}
