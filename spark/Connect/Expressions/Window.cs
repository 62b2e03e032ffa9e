using Ecom.Spark.Connect.Protocol;
using Boundary = Ecom.Spark.Connect.Protocol.Expression.Types.Window.Types.WindowFrame.Types.FrameBoundary;
using Frame = Ecom.Spark.Connect.Protocol.Expression.Types.Window.Types.WindowFrame;
using FrameType = Ecom.Spark.Connect.Protocol.Expression.Types.Window.Types.WindowFrame.Types.FrameType;

namespace Ecom.Spark.Connect.Expressions;

/// <summary>Begins a <see cref="WindowSpec"/>: <c>Window.PartitionBy("user").OrderBy("at")</c>.</summary>
public static class Window
{
    /// <summary>As a start: the first row of the partition.</summary>
    public const long UnboundedPreceding = long.MinValue;

    /// <summary>As an end: the last row of the partition.</summary>
    public const long UnboundedFollowing = long.MaxValue;

    /// <summary>The row itself.</summary>
    public const long CurrentRow = 0;

    /// <inheritdoc cref="WindowSpec.PartitionBy"/>
    public static WindowSpec PartitionBy(params Column[] columns) => WindowSpec.Empty.PartitionBy(columns);

    /// <inheritdoc cref="WindowSpec.OrderBy"/>
    public static WindowSpec OrderBy(params Column[] columns) => WindowSpec.Empty.OrderBy(columns);

    /// <inheritdoc cref="WindowSpec.RowsBetween"/>
    public static WindowSpec RowsBetween(long start, long end) => WindowSpec.Empty.RowsBetween(start, end);

    /// <inheritdoc cref="WindowSpec.RangeBetween(long, long)"/>
    public static WindowSpec RangeBetween(long start, long end) => WindowSpec.Empty.RangeBetween(start, end);
}

/// <summary>Which rows a function sees beside its own, for <see cref="Column.Over(WindowSpec)"/>. Each method returns another one.</summary>
public sealed class WindowSpec
{
    internal static readonly WindowSpec Empty = new(new());

    readonly Expression.Types.Window window;

    WindowSpec(Expression.Types.Window window) => this.window = window;

    /// <summary>Only rows with the same values in these columns.</summary>
    public WindowSpec PartitionBy(params Column[] columns) => With(copy =>
    {
        copy.PartitionSpec.Clear();
        copy.PartitionSpec.Add(columns.Select(column => column.Expression));
    });

    /// <summary>In this order; see <see cref="Column.Desc"/>.</summary>
    public WindowSpec OrderBy(params Column[] columns) => With(copy =>
    {
        copy.OrderSpec.Clear();
        copy.OrderSpec.Add(columns.Select(column => column.AsSortOrder()));
    });

    /// <summary>From so many rows before (negative) or after to so many: <c>RowsBetween(-2, Window.CurrentRow)</c> is the row and the two before it.</summary>
    public WindowSpec RowsBetween(long start, long end) => Between(FrameType.Row, Rows(start), Rows(end));

    /// <summary>As <see cref="RowsBetween"/>, but by the distance of the values in the column of the order, not by the number of rows.</summary>
    public WindowSpec RangeBetween(long start, long end) => Between(FrameType.Range, Range(start), Range(end));

    /// <summary>By the distance of times: <c>RangeBetween(Expr("-interval 1 hour"), Lit(0))</c>.</summary>
    public WindowSpec RangeBetween(Column start, Column end) => Between(FrameType.Range, new() { Value = start.Expression }, new() { Value = end.Expression });

    internal Column Apply(Column function) => With(copy => copy.WindowFunction = function.Expression).AsColumn();

    Column AsColumn() => new(new Expression { Window = window });

    WindowSpec Between(FrameType type, Boundary lower, Boundary upper) => With(copy => copy.FrameSpec = new Frame { FrameType = type, Lower = lower, Upper = upper });

    WindowSpec With(Action<Expression.Types.Window> change)
    {
        var copy = window.Clone();
        change(copy);
        return new WindowSpec(copy);
    }

    // Spark counts rows in 32 bits.
    static Boundary Rows(long at) => Edge(at) ?? new() { Value = Column.Of(checked((int)at)).Expression };

    static Boundary Range(long at) => Edge(at) ?? new() { Value = Column.Of(at).Expression };

    static Boundary? Edge(long at) => at switch
    {
        Window.CurrentRow => new() { CurrentRow = true },
        Window.UnboundedPreceding or Window.UnboundedFollowing => new() { Unbounded = true },
        _ => null,
    };
}
