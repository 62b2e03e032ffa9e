using Ecom.Spark.Connect.Protocol;

namespace Ecom.Spark.Connect;

/// <summary>Rows in groups, made by <see cref="DataFrame.GroupBy(Column[])"/>.</summary>
public sealed class RelationalGroupedDataset
{
    readonly DataFrame table;
    readonly Aggregate aggregate;

    internal RelationalGroupedDataset(DataFrame table, IEnumerable<Column> keys, Aggregate.Types.GroupType type = Aggregate.Types.GroupType.Groupby)
        : this(table, new Aggregate { Input = table.Relation, GroupType = type, GroupingExpressions = { keys.Select(key => key.Expression) } }) { }

    RelationalGroupedDataset(DataFrame table, Aggregate aggregate) => (this.table, this.aggregate) = (table, aggregate);

    /// <summary>One row per group: its keys, then the aggregates.</summary>
    public DataFrame Agg(params Column[] aggregates)
    {
        var complete = aggregate.Clone();
        complete.AggregateExpressions.Add(aggregates.Select(column => column.Expression));
        return table.With(new() { Aggregate = complete });
    }

    /// <summary>The number of rows of each group, as <c>count</c>.</summary>
    public DataFrame Count() => Agg(Functions.Count().Alias("count"));

    /// <summary>The sums of columns, as <c>sum(column)</c>.</summary>
    public DataFrame Sum(params string[] columns) => Each(Functions.Sum, columns);
    /// <summary>The means of columns, as <c>avg(column)</c>.</summary>
    public DataFrame Avg(params string[] columns) => Each(Functions.Avg, columns);
    /// <summary>The means of columns, as <c>avg(column)</c>.</summary>
    public DataFrame Mean(params string[] columns) => Avg(columns);
    /// <summary>The smallest values of columns, as <c>min(column)</c>.</summary>
    public DataFrame Min(params string[] columns) => Each(Functions.Min, columns);
    /// <summary>The largest values of columns, as <c>max(column)</c>.</summary>
    public DataFrame Max(params string[] columns) => Each(Functions.Max, columns);

    /// <summary>A column for each value of a column, with the aggregates of the rows that have it. Without <paramref name="values"/> Spark looks for them first.</summary>
    public RelationalGroupedDataset Pivot(Column column, IEnumerable<object>? values = null)
    {
        var pivoted = aggregate.Clone();
        pivoted.GroupType = Aggregate.Types.GroupType.Pivot;
        pivoted.Pivot = new() { Col = column.Expression, Values = { (values ?? []).Select(value => Column.Of(value).Expression.Literal) } };
        return new(table, pivoted);
    }

    DataFrame Each(Func<Column, Column> function, string[] columns) => Agg([.. columns.Select(column => function(column))]);
}
