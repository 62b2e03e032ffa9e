using System.Globalization;
using Ecom.Spark.Connect.Expressions;
using Ecom.Spark.Connect.Protocol;
using Direction = Ecom.Spark.Connect.Protocol.Expression.Types.SortOrder.Types.SortDirection;
using Nulls = Ecom.Spark.Connect.Protocol.Expression.Types.SortOrder.Types.NullOrdering;

namespace Ecom.Spark.Connect;

/// <summary>
/// An expression over the columns of a <see cref="DataFrame"/>. Where a column is asked for, a text is the name of one; where a
/// value is asked for (an <see cref="object"/>), a text is that text.
/// </summary>
#pragma warning disable CA2225 // the named twins of the operators are Microsoft.Spark's: Plus, EqualTo, And …
public sealed class Column
{
    internal Column(Expression expression) => Expression = expression;

    internal Expression Expression { get; }

    /// <summary>The column of that name.</summary>
    public static implicit operator Column(string name) => Functions.Col(name);

    /// <summary>Equality in SQL: null when a side is null.</summary>
    public static Column operator ==(Column left, object? right) => left.EqualTo(right);
    /// <summary>Inequality in SQL.</summary>
    public static Column operator !=(Column left, object? right) => !left.EqualTo(right);
    /// <summary>Greater than.</summary>
    public static Column operator >(Column left, object right) => left.Gt(right);
    /// <summary>Less than.</summary>
    public static Column operator <(Column left, object right) => left.Lt(right);
    /// <summary>Greater or equal.</summary>
    public static Column operator >=(Column left, object right) => left.Geq(right);
    /// <summary>Less or equal.</summary>
    public static Column operator <=(Column left, object right) => left.Leq(right);
    /// <summary>Both.</summary>
    public static Column operator &(Column left, Column right) => left.And(right);
    /// <summary>One or both.</summary>
    public static Column operator |(Column left, Column right) => left.Or(right);
    /// <summary>Not.</summary>
    public static Column operator !(Column column) => Function("not", column);
    /// <summary>Sum.</summary>
    public static Column operator +(Column left, object right) => left.Plus(right);
    /// <summary>Difference.</summary>
    public static Column operator -(Column left, object right) => left.Minus(right);
    /// <summary>Product.</summary>
    public static Column operator *(Column left, object right) => left.Multiply(right);
    /// <summary>Quotient.</summary>
    public static Column operator /(Column left, object right) => left.Divide(right);
    /// <summary>Remainder.</summary>
    public static Column operator %(Column left, object right) => left.Mod(right);
    /// <summary>The number with the other sign.</summary>
    public static Column operator -(Column column) => Function("negative", column);

    /// <summary>Equality in SQL: null when a side is null.</summary>
    public Column EqualTo(object? other) => Function("==", this, Of(other));
    /// <summary>Inequality in SQL.</summary>
    public Column NotEqual(object? other) => !EqualTo(other);
    /// <summary>Equality where null equals null.</summary>
    public Column EqNullSafe(object? other) => Function("<=>", this, Of(other));
    /// <summary>Greater than.</summary>
    public Column Gt(object other) => Function(">", this, Of(other));
    /// <summary>Less than.</summary>
    public Column Lt(object other) => Function("<", this, Of(other));
    /// <summary>Greater or equal.</summary>
    public Column Geq(object other) => Function(">=", this, Of(other));
    /// <summary>Less or equal.</summary>
    public Column Leq(object other) => Function("<=", this, Of(other));
    /// <summary>Both.</summary>
    public Column And(Column other) => Function("and", this, other);
    /// <summary>One or both.</summary>
    public Column Or(Column other) => Function("or", this, other);
    /// <summary>Sum.</summary>
    public Column Plus(object other) => Function("+", this, Of(other));
    /// <summary>Difference.</summary>
    public Column Minus(object other) => Function("-", this, Of(other));
    /// <summary>Product.</summary>
    public Column Multiply(object other) => Function("*", this, Of(other));
    /// <summary>Quotient.</summary>
    public Column Divide(object other) => Function("/", this, Of(other));
    /// <summary>Remainder.</summary>
    public Column Mod(object other) => Function("%", this, Of(other));
    /// <summary>Between two values, both included.</summary>
    public Column Between(object lower, object upper) => Geq(lower).And(Leq(upper));
    /// <summary>One of the values.</summary>
    public Column IsIn<T>(params T[] values) => Function("in", [this, .. values.Select(value => Of(value))]);
    /// <summary>Null.</summary>
    public Column IsNull() => Function("isnull", this);
    /// <summary>Not null.</summary>
    public Column IsNotNull() => Function("isnotnull", this);
    /// <summary>A text that matches SQL's LIKE pattern.</summary>
    public Column Like(string pattern) => Function("like", this, Of(pattern));
    /// <summary>A text of which a part matches a regular expression of Java.</summary>
    public Column RLike(string pattern) => Function("rlike", this, Of(pattern));
    /// <summary>A text that has another in it.</summary>
    public Column Contains(object other) => Function("contains", this, Of(other));
    /// <summary>A text that begins with another.</summary>
    public Column StartsWith(object other) => Function("startswith", this, Of(other));
    /// <summary>A text that ends with another.</summary>
    public Column EndsWith(object other) => Function("endswith", this, Of(other));
    /// <summary>A piece of a text, from position 1.</summary>
    public Column SubStr(object position, object length) => Function("substring", this, Of(position), Of(length));
    /// <summary>Not a number, of a binary fraction.</summary>
    public Column IsNaN() => Function("isnan", this);

    /// <summary>The function over the rows of a window, for each row by itself.</summary>
    public Column Over(WindowSpec window) => window.Apply(this);
    /// <summary>The function over all rows.</summary>
    public Column Over() => Over(WindowSpec.Empty);

    /// <summary>Names the column.</summary>
    public Column Alias(string name) => new(new Expression { Alias = new() { Expr = Expression, Name = { name } } });
    /// <summary>Names the column.</summary>
    public Column As(string name) => Alias(name);
    /// <summary>Names the column.</summary>
    public Column Name(string name) => Alias(name);

    /// <summary>Converts to a type, for example <c>decimal(12,2)</c>; a value that does not fit is an error.</summary>
    public Column Cast(string type) => new(new Expression { Cast = new() { Expr = Expression, TypeStr = type } });

    /// <summary>Converts to a type; a value that does not fit becomes null.</summary>
    public Column TryCast(string type) =>
        new(new Expression { Cast = new() { Expr = Expression, TypeStr = type, EvalMode = Expression.Types.Cast.Types.EvalMode.Try } });

    /// <summary>A member of a struct.</summary>
    public Column GetField(string name) => GetItem(name);
    /// <summary>An element of an array, a value of a map, a member of a struct.</summary>
    public Column GetItem(object key) =>
        new(new Expression { UnresolvedExtractValue = new() { Child = Expression, Extraction = Of(key).Expression } });

    /// <summary>Ascending, nulls first.</summary>
    public Column Asc() => Sorted(Direction.Ascending, Nulls.SortNullsFirst);
    /// <summary>Ascending, nulls first.</summary>
    public Column AscNullsFirst() => Asc();
    /// <summary>Ascending, nulls last.</summary>
    public Column AscNullsLast() => Sorted(Direction.Ascending, Nulls.SortNullsLast);
    /// <summary>Descending, nulls last.</summary>
    public Column Desc() => Sorted(Direction.Descending, Nulls.SortNullsLast);
    /// <summary>Descending, nulls first.</summary>
    public Column DescNullsFirst() => Sorted(Direction.Descending, Nulls.SortNullsFirst);
    /// <summary>Descending, nulls last.</summary>
    public Column DescNullsLast() => Desc();

    /// <summary>Another case after <see cref="Functions.When"/>.</summary>
    public Column When(Column condition, object? value)
    {
        if (Expression.UnresolvedFunction?.FunctionName != "when" || Expression.UnresolvedFunction.Arguments.Count % 2 != 0)
            throw new InvalidOperationException("When follows Functions.When(…) and comes before Otherwise(…)");
        var longer = Expression.Clone();
        longer.UnresolvedFunction.Arguments.Add([condition.Expression, Of(value).Expression]);
        return new Column(longer);
    }

    /// <summary>What holds when no case of <see cref="Functions.When"/> does.</summary>
    public Column Otherwise(object? value)
    {
        if (Expression.UnresolvedFunction?.FunctionName != "when" || Expression.UnresolvedFunction.Arguments.Count % 2 != 0)
            throw new InvalidOperationException("Otherwise follows Functions.When(…)");
        var closed = Expression.Clone();
        closed.UnresolvedFunction.Arguments.Add(Of(value).Expression);
        return new Column(closed);
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);
    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    /// <inheritdoc/>
    public override string ToString() => Expression.ToString();

    internal static Column Function(string name, params IEnumerable<Column> arguments) =>
        new(new Expression { UnresolvedFunction = new() { FunctionName = name, Arguments = { arguments.Select(argument => argument.Expression) } } });

    internal static Column Of(object? value) => value as Column ?? new Column(new Expression { Literal = Literal(value) });

    internal Expression.Types.SortOrder AsSortOrder() => Expression.SortOrder ?? Asc().Expression.SortOrder;

    Column Sorted(Direction direction, Nulls nulls) =>
        new(new Expression { SortOrder = new() { Child = Expression, Direction = direction, NullOrdering = nulls } });

    static Expression.Types.Literal Literal(object? value) => value switch
    {
        null => new() { Null = new DataType { Null = new() } },
        string text => new() { String = text },
        bool flag => new() { Boolean = flag },
        sbyte number => new() { Byte = number },
        short number => new() { Short = number },
        int number => new() { Integer = number },
        long number => new() { Long = number },
        float number => new() { Float = number },
        double number => new() { Double = number },
        decimal number => new() { Decimal = new() { Value = number.ToString(CultureInfo.InvariantCulture) } },
        byte[] bytes => new() { Binary = Google.Protobuf.ByteString.CopyFrom(bytes) },
        DateOnly day => new() { Date = day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber },
        DateTime { Kind: DateTimeKind.Unspecified } wall => new() { TimestampNtz = Micros(wall - DateTime.UnixEpoch) },
        DateTime time => new() { Timestamp = Micros(time.ToUniversalTime() - DateTime.UnixEpoch) },
        DateTimeOffset time => new() { Timestamp = Micros(time.UtcDateTime - DateTime.UnixEpoch) },
        TimeSpan span => new() { DayTimeInterval = Micros(span) },
        _ => throw new NotSupportedException($"a {value.GetType().Name} is no literal of Spark"),
    };

    static long Micros(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
