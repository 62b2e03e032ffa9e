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

    /// <summary>The sliding windows in which a time lies, aligned to so much after the epoch.</summary>
    public static Column Window(Column time, string duration, string slide, string start) => Column.Function("window", time, Lit(duration), Lit(slide), Lit(start));

    /// <summary>The window that ends when nothing came for a while.</summary>
    public static Column SessionWindow(Column time, string gap) => Column.Function("session_window", time, Lit(gap));

    /// <summary>The value of the first case that holds; null when none does and no <see cref="Column.Otherwise"/> follows.</summary>
    public static Column When(Column condition, object? value) => Column.Function("when", condition, Lit(value));

    /// <summary>Sum over a group.</summary>
    public static Column Sum(Column column) => Column.Function("sum", column);
    /// <summary>Number of values that are not null.</summary>
    public static Column Count(Column column) => Column.Function("count", column);
    /// <summary>Number of rows.</summary>
    public static Column Count() => Column.Function("count", Lit(1));
    /// <summary>Number of different values, or combinations of values, without a null.</summary>
    public static Column CountDistinct(Column column, params Column[] columns) => Distinct("count", [column, .. columns]);
    /// <summary>Sum of the different values.</summary>
    public static Column SumDistinct(Column column) => Distinct("sum", column);
    /// <summary>About the number of different values, with a relative error.</summary>
    public static Column ApproxCountDistinct(Column column, double rsd = 0.05) => Column.Function("approx_count_distinct", column, Lit(rsd));
    /// <summary>Mean over a group.</summary>
    public static Column Avg(Column column) => Column.Function("avg", column);
    /// <summary>Mean over a group.</summary>
    public static Column Mean(Column column) => Avg(column);
    /// <summary>Smallest value of a group.</summary>
    public static Column Min(Column column) => Column.Function("min", column);
    /// <summary>Largest value of a group; structs compare member by member.</summary>
    public static Column Max(Column column) => Column.Function("max", column);
    /// <summary>The first value of a group in the order in which it comes, which without a window's order is any.</summary>
    public static Column First(Column column, bool ignoreNulls = false) => Column.Function("first", column, Lit(ignoreNulls));
    /// <summary>The last value of a group in the order in which it comes, which without a window's order is any.</summary>
    public static Column Last(Column column, bool ignoreNulls = false) => Column.Function("last", column, Lit(ignoreNulls));
    /// <summary>All values of a group.</summary>
    public static Column CollectList(Column column) => Column.Function("collect_list", column);
    /// <summary>The different values of a group.</summary>
    public static Column CollectSet(Column column) => Column.Function("collect_set", column);
    /// <summary>Standard deviation of a sample.</summary>
    public static Column Stddev(Column column) => Column.Function("stddev", column);
    /// <summary>Variance of a sample.</summary>
    public static Column Variance(Column column) => Column.Function("variance", column);
    /// <summary>Correlation of two columns.</summary>
    public static Column Corr(Column left, Column right) => Column.Function("corr", left, right);
    /// <summary>The value below which a part of the values lies, about: 0.5 is the median.</summary>
    public static Column PercentileApprox(Column column, Column percentage, Column accuracy) => Column.Function("percentile_approx", column, percentage, accuracy);

    /// <summary>In a window: 1, 2, 3 …</summary>
    public static Column RowNumber() => Column.Function("row_number");
    /// <summary>In a window: the same for equals, with gaps after them.</summary>
    public static Column Rank() => Column.Function("rank");
    /// <summary>In a window: the same for equals, without gaps.</summary>
    public static Column DenseRank() => Column.Function("dense_rank");
    /// <summary>In a window: the rank as a part of 1.</summary>
    public static Column PercentRank() => Column.Function("percent_rank");
    /// <summary>In a window: the part of the rows up to this one and its equals.</summary>
    public static Column CumeDist() => Column.Function("cume_dist");
    /// <summary>In a window: the number of the part, of <paramref name="n"/> about equal ones, in which the row lies.</summary>
    public static Column Ntile(int n) => Column.Function("ntile", Lit(n));
    /// <summary>In a window: the value so many rows before, or a default where there is none.</summary>
    public static Column Lag(Column column, int offset = 1, object? defaultValue = null) => Column.Function("lag", column, Lit(offset), Lit(defaultValue));
    /// <summary>In a window: the value so many rows after, or a default where there is none.</summary>
    public static Column Lead(Column column, int offset = 1, object? defaultValue = null) => Column.Function("lead", column, Lit(offset), Lit(defaultValue));

    /// <summary>A struct of columns.</summary>
    public static Column Struct(params Column[] columns) => Column.Function("struct", columns);
    /// <summary>An array of columns.</summary>
    public static Column Array(params Column[] columns) => Column.Function("array", columns);
    /// <summary>A map of key, value, key, value …</summary>
    public static Column Map(params Column[] columns) => Column.Function("map", columns);
    /// <summary>One row per element; none of an empty array, or of null.</summary>
    public static Column Explode(Column column) => Column.Function("explode", column);
    /// <summary>One row per element; one with null of an empty array, or of null.</summary>
    public static Column ExplodeOuter(Column column) => Column.Function("explode_outer", column);
    /// <summary>One row per element, with its place before it.</summary>
    public static Column PosExplode(Column column) => Column.Function("posexplode", column);
    /// <summary>An element of an array (from 1) or a map; null when there is none.</summary>
    public static Column TryElementAt(Column column, object key) => Column.Function("try_element_at", column, Lit(key));
    /// <summary>Number of elements.</summary>
    public static Column Size(Column column) => Column.Function("size", column);
    /// <summary>True where an array has a value.</summary>
    public static Column ArrayContains(Column column, object value) => Column.Function("array_contains", column, Lit(value));
    /// <summary>An array without the second ones of equal elements.</summary>
    public static Column ArrayDistinct(Column column) => Column.Function("array_distinct", column);
    /// <summary>The elements of an array as a text, with a separator; nulls are left out.</summary>
    public static Column ArrayJoin(Column column, string delimiter) => Column.Function("array_join", column, Lit(delimiter));
    /// <summary>An array in order.</summary>
    public static Column SortArray(Column column, bool asc = true) => Column.Function("sort_array", column, Lit(asc));
    /// <summary>The keys of a map.</summary>
    public static Column MapKeys(Column column) => Column.Function("map_keys", column);
    /// <summary>The values of a map.</summary>
    public static Column MapValues(Column column) => Column.Function("map_values", column);

    /// <summary>JSON text as a value of a schema in DDL; what does not fit becomes null.</summary>
    public static Column FromJson(Column column, string schema, IReadOnlyDictionary<string, string>? options = null) =>
        Column.Function("from_json", [column, Lit(schema), .. OptionsMap(options)]);

    /// <summary>A value as JSON text.</summary>
    public static Column ToJson(Column column, IReadOnlyDictionary<string, string>? options = null) =>
        Column.Function("to_json", [column, .. OptionsMap(options)]);

    /// <summary>A piece of JSON text as text, by a path such as <c>$.items[0].price</c>; null where there is none.</summary>
    public static Column GetJsonObject(Column column, string path) => Column.Function("get_json_object", column, Lit(path));
    /// <summary>Members of JSON text as the columns c0, c1 …, all texts.</summary>
    public static Column JsonTuple(Column column, params string[] fields) => Column.Function("json_tuple", [column, .. fields.Select(Lit)]);

    /// <summary>The first value that is not null.</summary>
    public static Column Coalesce(params Column[] columns) => Column.Function("coalesce", columns);
    /// <summary>The largest of some columns.</summary>
    public static Column Greatest(params Column[] columns) => Column.Function("greatest", columns);
    /// <summary>The smallest of some columns.</summary>
    public static Column Least(params Column[] columns) => Column.Function("least", columns);
    /// <summary>Null.</summary>
    public static Column IsNull(Column column) => Column.Function("isnull", column);
    /// <summary>Not a number, of a binary fraction.</summary>
    public static Column IsNaN(Column column) => Column.Function("isnan", column);
    /// <summary>Not.</summary>
    public static Column Not(Column column) => Column.Function("not", column);
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
    /// <summary>Without spaces at both ends.</summary>
    public static Column Trim(Column column) => Column.Function("trim", column);
    /// <summary>Without spaces at its beginning.</summary>
    public static Column Ltrim(Column column) => Column.Function("ltrim", column);
    /// <summary>Without spaces at its end.</summary>
    public static Column Rtrim(Column column) => Column.Function("rtrim", column);
    /// <summary>A capital at the beginning of each word.</summary>
    public static Column InitCap(Column column) => Column.Function("initcap", column);
    /// <summary>Filled up on the left, or cut, to a length.</summary>
    public static Column Lpad(Column column, int length, string pad) => Column.Function("lpad", column, Lit(length), Lit(pad));
    /// <summary>Filled up on the right, or cut, to a length.</summary>
    public static Column Rpad(Column column, int length, string pad) => Column.Function("rpad", column, Lit(length), Lit(pad));
    /// <summary>The pieces of a text between matches of a regular expression; at most so many, where it is more than 0.</summary>
    public static Column Split(Column column, string pattern, int limit = -1) => Column.Function("split", column, Lit(pattern), Lit(limit));
    /// <summary>A group of the first match of a regular expression; empty when nothing matches.</summary>
    public static Column RegexpExtract(Column column, string pattern, int group) => Column.Function("regexp_extract", column, Lit(pattern), Lit(group));
    /// <summary>Every match of a regular expression replaced.</summary>
    public static Column RegexpReplace(Column column, string pattern, string replacement) => Column.Function("regexp_replace", column, Lit(pattern), Lit(replacement));
    /// <summary>Characters of <paramref name="matching"/> replaced by those at the same places of <paramref name="replacement"/>.</summary>
    public static Column Translate(Column column, string matching, string replacement) => Column.Function("translate", column, Lit(matching), Lit(replacement));
    /// <summary>The place of a text in another, from 1; 0 when it is not there.</summary>
    public static Column Instr(Column column, string text) => Column.Function("instr", column, Lit(text));
    /// <summary>A text after the pattern of Java's formatter.</summary>
    public static Column FormatString(string format, params Column[] columns) => Column.Function("format_string", [Lit(format), .. columns]);
    /// <summary>Bytes as base64.</summary>
    public static Column Base64(Column column) => Column.Function("base64", column);
    /// <summary>MD5 as 32 hexadecimal digits.</summary>
    public static Column Md5(Column column) => Column.Function("md5", column);

    /// <summary>SHA-1 as 40 hexadecimal digits.</summary>
    public static Column Sha1(Column column) => Column.Function("sha1", column);
    /// <summary>SHA-2 of 224, 256, 384 or 512 bits, in hexadecimal digits.</summary>
    public static Column Sha2(Column column, int bits) => Column.Function("sha2", column, Lit(bits));
    /// <summary>A number from values, the same for the same.</summary>
    public static Column Hash(params Column[] columns) => Column.Function("hash", columns);

    /// <summary>Without its sign.</summary>
    public static Column Abs(Column column) => Column.Function("abs", column);
    /// <summary>The next whole number above.</summary>
    public static Column Ceil(Column column) => Column.Function("ceil", column);
    /// <summary>The next whole number below.</summary>
    public static Column Floor(Column column) => Column.Function("floor", column);
    /// <summary>The square root.</summary>
    public static Column Sqrt(Column column) => Column.Function("sqrt", column);
    /// <summary>The natural logarithm.</summary>
    public static Column Log(Column column) => Column.Function("ln", column);
    /// <summary>e to that power.</summary>
    public static Column Exp(Column column) => Column.Function("exp", column);
    /// <summary>A number to a power.</summary>
    public static Column Pow(Column left, object right) => Column.Function("power", left, Lit(right));
    /// <summary>A number between 0 and 1, by chance; the same one for the same seed and row.</summary>
    public static Column Rand(long? seed = null) => Column.Function("rand", Lit(seed ?? Random.Shared.NextInt64()));
    /// <summary>Rounds half up.</summary>
    public static Column Round(Column column, int scale = 0) => Column.Function("round", column, Lit(scale));
    /// <summary>A time as text, by a pattern.</summary>
    public static Column DateFormat(Column column, string pattern) => Column.Function("date_format", column, Lit(pattern));
    /// <summary>Cuts a time down to its minute, hour, day …</summary>
    public static Column DateTrunc(string unit, Column column) => Column.Function("date_trunc", Lit(unit), column);
    /// <summary>The time at which the batch began.</summary>
    public static Column CurrentTimestamp() => Column.Function("current_timestamp");
    /// <summary>The day on which the batch began.</summary>
    public static Column CurrentDate() => Column.Function("current_date");
    /// <summary>A text as a time, by Spark's own pattern or another.</summary>
    public static Column ToTimestamp(Column column, string? pattern = null) => Column.Function("to_timestamp", Pattern(column, pattern));
    /// <summary>A text, or a time, as a day, by Spark's own pattern or another.</summary>
    public static Column ToDate(Column column, string? pattern = null) => Column.Function("to_date", Pattern(column, pattern));
    /// <summary>Cuts a day down to its month, quarter, year …</summary>
    public static Column Trunc(Column column, string unit) => Column.Function("trunc", column, Lit(unit));
    /// <summary>A day later by so many days.</summary>
    public static Column DateAdd(Column start, object days) => Column.Function("date_add", start, Lit(days));
    /// <summary>A day earlier by so many days.</summary>
    public static Column DateSub(Column start, object days) => Column.Function("date_sub", start, Lit(days));
    /// <summary>Days from the start to the end.</summary>
    public static Column DateDiff(Column end, Column start) => Column.Function("datediff", end, start);
    /// <summary>The year.</summary>
    public static Column Year(Column column) => Column.Function("year", column);
    /// <summary>The quarter, 1 to 4.</summary>
    public static Column Quarter(Column column) => Column.Function("quarter", column);
    /// <summary>The month, 1 to 12.</summary>
    public static Column Month(Column column) => Column.Function("month", column);
    /// <summary>The day of the month, 1 to 31.</summary>
    public static Column DayOfMonth(Column column) => Column.Function("dayofmonth", column);
    /// <summary>The day of the week, 1 (Sunday) to 7.</summary>
    public static Column DayOfWeek(Column column) => Column.Function("dayofweek", column);
    /// <summary>The week of the year, by ISO 8601.</summary>
    public static Column WeekOfYear(Column column) => Column.Function("weekofyear", column);
    /// <summary>The hour, 0 to 23.</summary>
    public static Column Hour(Column column) => Column.Function("hour", column);
    /// <summary>The minute, 0 to 59.</summary>
    public static Column Minute(Column column) => Column.Function("minute", column);
    /// <summary>The second, 0 to 59.</summary>
    public static Column Second(Column column) => Column.Function("second", column);
    /// <summary>Seconds since 1970 of a time.</summary>
    public static Column UnixTimestamp(Column column) => Column.Function("unix_timestamp", column);
    /// <summary>A time of UTC as the wall clock of a zone shows it.</summary>
    public static Column FromUtcTimestamp(Column column, string zone) => Column.Function("from_utc_timestamp", column, Lit(zone));

    static Column Distinct(string name, params Column[] columns)
    {
        var function = Column.Function(name, columns);
        function.Expression.UnresolvedFunction.IsDistinct = true;
        return function;
    }

    static Column[] Pattern(Column column, string? pattern) => pattern is null ? [column] : [column, Lit(pattern)];

    static IEnumerable<Column> OptionsMap(IReadOnlyDictionary<string, string>? options) =>
        options is null ? [] : [Map([.. options.SelectMany(option => new[] { Lit(option.Key), Lit(option.Value) })])];
}
