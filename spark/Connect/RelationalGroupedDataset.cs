using Ecom.Spark.Connect.Protocol;

namespace Ecom.Spark.Connect;

/// <summary>Rows in groups, made by <see cref="DataFrame.GroupBy"/>.</summary>
public sealed class RelationalGroupedDataset
{
    readonly DataFrame table;
    readonly IReadOnlyList<Column> keys;

    internal RelationalGroupedDataset(DataFrame table, IReadOnlyList<Column> keys) => (this.table, this.keys) = (table, keys);

    /// <summary>One row per group: its keys, then the aggregates.</summary>
    public DataFrame Agg(params Column[] aggregates) => table.With(new()
    {
        Aggregate = new()
        {
            Input = table.Relation,
            GroupType = Aggregate.Types.GroupType.Groupby,
            GroupingExpressions = { keys.Select(key => key.Expression) },
            AggregateExpressions = { aggregates.Select(aggregate => aggregate.Expression) },
        },
    });

    /// <summary>The number of rows of each group, as <c>count</c>.</summary>
    public DataFrame Count() => Agg(Functions.Count().Alias("count"));
}
