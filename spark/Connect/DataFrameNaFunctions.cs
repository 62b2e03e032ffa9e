using Ecom.Spark.Connect.Protocol;

namespace Ecom.Spark.Connect;

/// <summary>What to do about nulls, made by <see cref="DataFrame.Na"/>. Without columns: all of them.</summary>
public sealed class DataFrameNaFunctions
{
    readonly DataFrame table;

    internal DataFrameNaFunctions(DataFrame table) => this.table = table;

    /// <summary>Leaves out the rows with a null; with <paramref name="how"/> <c>all</c> those that are nothing but nulls.</summary>
    public DataFrame Drop(string how = "any", IEnumerable<string>? columns = null)
    {
        var drop = new NADrop { Input = table.Relation, Cols = { columns ?? [] } };
        if (how == "all")
            drop.MinNonNulls = 1;
        else if (how != "any")
            throw new ArgumentException($"'{how}' is neither any nor all", nameof(how));
        return table.With(new() { DropNa = drop });
    }

    /// <summary>A number instead of null, in columns of numbers.</summary>
    public DataFrame Fill(long value, IEnumerable<string>? columns = null) => FillWith(value, columns);
    /// <summary>A number instead of null, in columns of numbers.</summary>
    public DataFrame Fill(double value, IEnumerable<string>? columns = null) => FillWith(value, columns);
    /// <summary>A text instead of null, in columns of texts.</summary>
    public DataFrame Fill(string value, IEnumerable<string>? columns = null) => FillWith(value, columns);
    /// <summary>True or false instead of null, in columns of these.</summary>
    public DataFrame Fill(bool value, IEnumerable<string>? columns = null) => FillWith(value, columns);

    DataFrame FillWith(object value, IEnumerable<string>? columns) =>
        table.With(new() { FillNa = new() { Input = table.Relation, Cols = { columns ?? [] }, Values = { Column.Of(value).Expression.Literal } } });
}
