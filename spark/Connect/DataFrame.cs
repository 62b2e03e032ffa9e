using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Streaming;
using Ecom.Spark.Connect.Wire;
using StructType = Ecom.Spark.Connect.Types.StructType;

namespace Ecom.Spark.Connect;

/// <summary>A table that is described, not held: the server computes it when an action asks for rows.</summary>
public sealed class DataFrame
{
    static long lastPlanId;

    readonly SparkClient client;

    internal DataFrame(SparkClient client, Relation relation)
    {
        this.client = client;
        relation.Common = new RelationCommon { PlanId = Interlocked.Increment(ref lastPlanId) };
        Relation = relation;
    }

    internal Relation Relation { get; }

    /// <summary>A column of exactly this table, also after a join with another that has the name too.</summary>
    public Column this[string name] => Col(name);

    /// <inheritdoc cref="this[string]"/>
    public Column Col(string name) =>
        new(new Expression { UnresolvedAttribute = new() { UnparsedIdentifier = name, PlanId = Relation.Common.PlanId } });

    /// <summary>Some columns.</summary>
    public DataFrame Select(params Column[] columns) =>
        With(new() { Project = new() { Input = Relation, Expressions = { columns.Select(column => column.Expression) } } });

    /// <summary>Some columns by name.</summary>
    public DataFrame Select(string column, params string[] columns) => Select([Functions.Col(column), .. columns.Select(Functions.Col)]);

    /// <summary>SQL expressions.</summary>
    public DataFrame SelectExpr(params string[] expressions) => Select([.. expressions.Select(Functions.Expr)]);

    /// <summary>The rows for which a condition holds.</summary>
    public DataFrame Filter(Column condition) => With(new() { Filter = new() { Input = Relation, Condition = condition.Expression } });

    /// <summary>The rows for which a SQL condition holds.</summary>
    public DataFrame Filter(string condition) => Filter(Functions.Expr(condition));

    /// <inheritdoc cref="Filter(Column)"/>
    public DataFrame Where(Column condition) => Filter(condition);

    /// <summary>Adds or replaces a column.</summary>
    public DataFrame WithColumn(string name, Column column) =>
        With(new() { WithColumns = new() { Input = Relation, Aliases = { new Expression.Types.Alias { Expr = column.Expression, Name = { name } } } } });

    /// <summary>Renames a column.</summary>
    public DataFrame WithColumnRenamed(string name, string newName) =>
        With(new() { WithColumnsRenamed = new() { Input = Relation, Renames = { new WithColumnsRenamed.Types.Rename { ColName = name, NewColName = newName } } } });

    /// <summary>Leaves columns out.</summary>
    public DataFrame Drop(params string[] columns) => With(new() { Drop = new() { Input = Relation, ColumnNames = { columns } } });

    /// <summary>Groups rows, for <see cref="RelationalGroupedDataset.Agg"/>.</summary>
    public RelationalGroupedDataset GroupBy(params Column[] columns) => new(this, columns);

    /// <summary>Aggregates over all rows.</summary>
    public DataFrame Agg(params Column[] columns) => GroupBy().Agg(columns);

    /// <summary>Joins; <paramref name="type"/> is inner, left_outer, right_outer, full_outer, left_semi, left_anti or cross.</summary>
    public DataFrame Join(DataFrame right, Column condition, string type = "inner") =>
        With(new() { Join = new() { Left = Relation, Right = right.Relation, JoinCondition = condition.Expression, JoinType = JoinTypeOf(type) } });

    /// <summary>Joins on columns that both tables have.</summary>
    public DataFrame Join(DataFrame right, IEnumerable<string> columns, string type = "inner") =>
        With(new() { Join = new() { Left = Relation, Right = right.Relation, UsingColumns = { columns }, JoinType = JoinTypeOf(type) } });

    /// <summary>The rows of both, columns by position.</summary>
    public DataFrame Union(DataFrame other) => With(UnionOf(other, byName: false));

    /// <summary>The rows of both, columns by name.</summary>
    public DataFrame UnionByName(DataFrame other) => With(UnionOf(other, byName: true));

    /// <summary>One row for each combination of the columns (all of them when none is named).</summary>
    public DataFrame DropDuplicates(params string[] columns) =>
        With(new() { Deduplicate = new() { Input = Relation, ColumnNames = { columns }, AllColumnsAsKeys = columns.Length == 0 } });

    /// <summary>Streaming: drops a row whose columns came before within the watermark's delay; older rows are forgotten.</summary>
    public DataFrame DropDuplicatesWithinWatermark(params string[] columns) =>
        With(new() { Deduplicate = new() { Input = Relation, ColumnNames = { columns }, AllColumnsAsKeys = columns.Length == 0, WithinWatermark = true } });

    /// <summary>Streaming: how late a row may be, by the time in a column.</summary>
    public DataFrame WithWatermark(string eventTime, string delay) =>
        With(new() { WithWatermark = new() { Input = Relation, EventTime = eventTime, DelayThreshold = delay } });

    /// <summary>Sorts by columns; see <see cref="Column.Desc"/>.</summary>
    public DataFrame OrderBy(params Column[] columns) =>
        With(new() { Sort = new() { Input = Relation, IsGlobal = true, Order = { columns.Select(column => column.AsSortOrder()) } } });

    /// <summary>Sorts by columns, ascending.</summary>
    public DataFrame OrderBy(string column, params string[] columns) => OrderBy([Functions.Col(column), .. columns.Select(Functions.Col)]);

    /// <summary>The first rows.</summary>
    public DataFrame Limit(int rows) => With(new() { Limit = new() { Input = Relation, Limit_ = rows } });

    /// <summary>Spreads the rows over a number of partitions.</summary>
    public DataFrame Repartition(int partitions) => With(new() { Repartition = new() { Input = Relation, NumPartitions = partitions, Shuffle = true } });

    /// <summary>Names the table, for columns like <c>name.column</c>.</summary>
    public DataFrame Alias(string name) => With(new() { SubqueryAlias = new() { Input = Relation, Alias = name } });

    /// <summary>Names and types of the columns.</summary>
    public StructType Schema() =>
        TypeReader.ReadSchema(client.Analyze(new() { Schema = new() { Plan = new Plan { Root = Relation } } }).Schema.Schema_);

    /// <summary>The names of the columns.</summary>
    public IReadOnlyList<string> Columns() => [.. Schema().Fields.Select(field => field.Name)];

    /// <summary>True when the rows come from a stream: then <see cref="WriteStream"/> runs it.</summary>
    public bool IsStreaming() => client.Analyze(new() { IsStreaming = new() { Plan = new Plan { Root = Relation } } }).IsStreaming.IsStreaming_;

    /// <summary>
    /// SHA-256, in hex, of what the plan says: the same in every process that describes the table in the same way, without a call
    /// to the server. The options of its sources are left out.
    /// </summary>
    public string PlanHash() => Wire.PlanHash.Of(Relation);

    /// <summary>How Spark would run it.</summary>
    public string ExplainString(bool extended = false)
    {
        var mode = extended ? AnalyzePlanRequest.Types.Explain.Types.ExplainMode.Extended : AnalyzePlanRequest.Types.Explain.Types.ExplainMode.Simple;
        return client.Analyze(new() { Explain = new() { Plan = new Plan { Root = Relation }, ExplainMode = mode } }).Explain.ExplainString;
    }

    /// <summary>Prints how Spark would run it.</summary>
    public void Explain(bool extended = false) => Console.WriteLine(ExplainString(extended));

    /// <summary>Runs it and brings all rows here.</summary>
    public IReadOnlyList<Row> Collect()
    {
        var rows = new List<Row>();
        StructType? schema = null;
        client.Execute(new Plan { Root = Relation }, response =>
        {
            if (response.Schema is not null)
                schema = TypeReader.ReadSchema(response.Schema);
            if (response.ArrowBatch is { } batch)
                ArrowRows.Read(batch.Data.Memory, schema ?? throw new InvalidOperationException("the server sent rows before their schema"), rows);
        });
        return rows;
    }

    /// <summary>The number of rows.</summary>
    public long Count() => Agg(Functions.Count()).Collect()[0].GetAs<long>(0);

    /// <summary>The first rows, here.</summary>
    public IReadOnlyList<Row> Take(int rows) => Limit(rows).Collect();

    /// <summary>The first row; null when there is none.</summary>
    public Row? First() => Take(1) is [var row, ..] ? row : null;

    /// <summary>The first rows as a table in text.</summary>
    public string ShowString(int rows = 20, int truncate = 20) =>
        With(new() { ShowString = new() { Input = Relation, NumRows = rows, Truncate = truncate } }).Collect()[0].GetAs<string>(0);

    /// <summary>Prints the first rows.</summary>
    public void Show(int rows = 20, int truncate = 20) => Console.WriteLine(ShowString(rows, truncate));

    /// <summary>Makes it a view of the session, for <see cref="SparkSession.Sql"/>.</summary>
    public void CreateOrReplaceTempView(string name) =>
        client.ExecuteCommand(new() { CreateDataframeView = new() { Input = Relation, Name = name, Replace = true } });

    /// <summary>Writes the rows somewhere, once.</summary>
    public DataFrameWriter Write() => new(client, Relation);

    /// <summary>Writes the rows of a stream as they come.</summary>
    public DataStreamWriter WriteStream() => new(client, Relation);

    internal DataFrame With(Relation relation) => new(client, relation);

    Relation UnionOf(DataFrame other, bool byName) => new()
    {
        SetOp = new() { LeftInput = Relation, RightInput = other.Relation, SetOpType = SetOperation.Types.SetOpType.Union, IsAll = true, ByName = byName },
    };

    static Join.Types.JoinType JoinTypeOf(string type) => type switch
    {
        "inner" => Protocol.Join.Types.JoinType.Inner,
        "left" or "left_outer" => Protocol.Join.Types.JoinType.LeftOuter,
        "right" or "right_outer" => Protocol.Join.Types.JoinType.RightOuter,
        "full" or "outer" or "full_outer" => Protocol.Join.Types.JoinType.FullOuter,
        "left_semi" => Protocol.Join.Types.JoinType.LeftSemi,
        "left_anti" => Protocol.Join.Types.JoinType.LeftAnti,
        "cross" => Protocol.Join.Types.JoinType.Cross,
        _ => throw new ArgumentException($"no join is called '{type}'", nameof(type)),
    };
}
