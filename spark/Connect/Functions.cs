using Ecom.Spark.Connect.Protocol;

namespace Ecom.Spark.Connect;

/// <summary>Spark's functions, by the names of the .NET API; <see cref="CallFunction"/> and <see cref="Expr"/> reach the rest.</summary>
public static class Functions
{
    /// <summary>A column by name; <c>a.b</c> is the member b of a, <c>*</c> all columns.</summary>
    public static Column Col(string name) => name == "*"
        ? new(new Expression { UnresolvedStar = new() })
        : name.EndsWith(".*", StringComparison.Ordinal)
            ? new(new Expression { UnresolvedStar = new() { UnparsedTarget = name } })
            : new(new Expression { UnresolvedAttribute = new() { UnparsedIdentifier = name } });

    /// <summary>A constant.</summary>
    public static Column Lit(object? value) => Column.Of(value);

    /// <summary>A SQL expression.</summary>
    public static Column Expr(string sql) => new(new Expression { ExpressionString = new() { Expression = sql } });

    /// <summary>Any function of Spark by its SQL name.</summary>
    public static Column CallFunction(string name, params Column[] arguments) => Column.Function(name, arguments);

    /// <summary>The tumbling window [start, end) in which a time lies, aligned to the epoch.</summary>
    public static Column Window(Column time, string duration) => Column.Function("window", time, Lit(duration));

    /// <summary>The sliding windows in which a time lies: one row for each.</summary>
    public static Column Window(Column time, string duration, string slide) => Column.Function("window", time, Lit(duration), Lit(slide));

    /// <summary>The value of the first case that holds; null when none does and no <see cref="Column.Otherwise"/> follows.</summary>
    public static Column When(Column condition, object? value) => Column.Function("when", condition, Lit(value));

    /// <summary>Sum over a group.</summary>
    public static Column Sum(Column column) => Column.Function("sum", column);
    /// <summary>Number of values that are not null.</summary>
    public static Column Count(Column column) => Column.Function("count", column);
    /// <summary>Number of rows.</summary>
    public static Column Count() => Column.Function("count", Lit(1));
    /// <summary>Number of different values.</summary>
    public static Column CountDistinct(Column column)
    {
        var count = Count(column);
        count.Expression.UnresolvedFunction.IsDistinct = true;
        return count;
    }
    /// <summary>Mean over a group.</summary>
    public static Column Avg(Column column) => Column.Function("avg", column);
    /// <summary>Smallest value of a group.</summary>
    public static Column Min(Column column) => Column.Function("min", column);
    /// <summary>Largest value of a group; structs compare member by member.</summary>
    public static Column Max(Column column) => Column.Function("max", column);
    /// <summary>Some value of a group.</summary>
    public static Column First(Column column) => Column.Function("first", column);
    /// <summary>All values of a group.</summary>
    public static Column CollectList(Column column) => Column.Function("collect_list", column);

    /// <summary>A struct of columns.</summary>
    public static Column Struct(params Column[] columns) => Column.Function("struct", columns);
    /// <summary>An array of columns.</summary>
    public static Column Array(params Column[] columns) => Column.Function("array", columns);
    /// <summary>A map of key, value, key, value …</summary>
    public static Column Map(params Column[] columns) => Column.Function("map", columns);
    /// <summary>One row per element.</summary>
    public static Column Explode(Column column) => Column.Function("explode", column);
    /// <summary>An element of an array (from 1) or a map; null when there is none.</summary>
    public static Column TryElementAt(Column column, object key) => Column.Function("try_element_at", column, Lit(key));
    /// <summary>Number of elements.</summary>
    public static Column Size(Column column) => Column.Function("size", column);

    /// <summary>JSON text as a value of a schema in DDL; what does not fit becomes null.</summary>
    public static Column FromJson(Column column, string schema, IReadOnlyDictionary<string, string>? options = null) =>
        Column.Function("from_json", [column, Lit(schema), .. OptionsMap(options)]);

    /// <summary>A value as JSON text.</summary>
    public static Column ToJson(Column column, IReadOnlyDictionary<string, string>? options = null) =>
        Column.Function("to_json", [column, .. OptionsMap(options)]);

    /// <summary>The first value that is not null.</summary>
    public static Column Coalesce(params Column[] columns) => Column.Function("coalesce", columns);
    /// <summary>The largest of some columns.</summary>
    public static Column Greatest(params Column[] columns) => Column.Function("greatest", columns);
    /// <summary>Texts one after another; null when one is null.</summary>
    public static Column Concat(params Column[] columns) => Column.Function("concat", columns);
    /// <summary>Texts with a separator; nulls are left out.</summary>
    public static Column ConcatWs(string separator, params Column[] columns) => Column.Function("concat_ws", [Lit(separator), .. columns]);
    /// <summary>A piece of a text, from position 1.</summary>
    public static Column Substring(Column column, int position, int length) => Column.Function("substring", column, Lit(position), Lit(length));
    /// <summary>Number of characters or bytes.</summary>
    public static Column Length(Column column) => Column.Function("length", column);
    /// <summary>Capital letters.</summary>
    public static Column Upper(Column column) => Column.Function("upper", column);
    /// <summary>Small letters.</summary>
    public static Column Lower(Column column) => Column.Function("lower", column);
    /// <summary>Bytes as base64.</summary>
    public static Column Base64(Column column) => Column.Function("base64", column);
    /// <summary>MD5 as 32 hexadecimal digits.</summary>
    public static Column Md5(Column column) => Column.Function("md5", column);

    /// <summary>Rounds half up.</summary>
    public static Column Round(Column column, int scale = 0) => Column.Function("round", column, Lit(scale));
    /// <summary>A time as text, by a pattern.</summary>
    public static Column DateFormat(Column column, string pattern) => Column.Function("date_format", column, Lit(pattern));
    /// <summary>Cuts a time down to its minute, hour, day …</summary>
    public static Column DateTrunc(string unit, Column column) => Column.Function("date_trunc", Lit(unit), column);
    /// <summary>The time at which the batch began.</summary>
    public static Column CurrentTimestamp() => Column.Function("current_timestamp");

    static IEnumerable<Column> OptionsMap(IReadOnlyDictionary<string, string>? options) =>
        options is null ? [] : [Map([.. options.SelectMany(option => new[] { Lit(option.Key), Lit(option.Value) })])];
}
