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
    public DataFrame Select(string column, params string[] columns) => Select(Named(column, columns));

    /// <summary>SQL expressions.</summary>
    public DataFrame SelectExpr(params string[] expressions) => Select([.. expressions.Select(Functions.Expr)]);

    /// <summary>The rows for which a condition holds.</summary>
    public DataFrame Filter(Column condition) => With(new() { Filter = new() { Input = Relation, Condition = condition.Expression } });

    /// <summary>The rows for which a SQL condition holds.</summary>
    public DataFrame Filter(string condition) => Filter(Functions.Expr(condition));

    /// <inheritdoc cref="Filter(Column)"/>
    public DataFrame Where(Column condition) => Filter(condition);

    /// <inheritdoc cref="Filter(string)"/>
    public DataFrame Where(string condition) => Filter(condition);

    /// <summary>Adds or replaces a column.</summary>
    public DataFrame WithColumn(string name, Column column) =>
        With(new() { WithColumns = new() { Input = Relation, Aliases = { new Expression.Types.Alias { Expr = column.Expression, Name = { name } } } } });

    /// <summary>Renames a column.</summary>
    public DataFrame WithColumnRenamed(string name, string newName) =>
        With(new() { WithColumnsRenamed = new() { Input = Relation, Renames = { new WithColumnsRenamed.Types.Rename { ColName = name, NewColName = newName } } } });

    /// <summary>Renames all columns, by position.</summary>
    public DataFrame ToDF(params string[] columns) => With(new() { ToDf = new() { Input = Relation, ColumnNames = { columns } } });

    /// <summary>Leaves columns out.</summary>
    public DataFrame Drop(params string[] columns) => With(new() { Drop = new() { Input = Relation, ColumnNames = { columns } } });

    /// <summary>Groups rows, for <see cref="RelationalGroupedDataset.Agg"/>.</summary>
    public RelationalGroupedDataset GroupBy(params Column[] columns) => new(this, columns);

    /// <summary>Groups rows by columns of these names.</summary>
    public RelationalGroupedDataset GroupBy(string column, params string[] columns) => GroupBy(Named(column, columns));

    /// <summary>Groups rows by all columns, by all but the last, and so on to one group of all rows; what is not grouped by is null.</summary>
    public RelationalGroupedDataset Rollup(params Column[] columns) => new(this, columns, Aggregate.Types.GroupType.Rollup);

    /// <summary>Groups rows by every choice of the columns; what is not grouped by is null.</summary>
    public RelationalGroupedDataset Cube(params Column[] columns) => new(this, columns, Aggregate.Types.GroupType.Cube);

    /// <summary>Aggregates over all rows.</summary>
    public DataFrame Agg(params Column[] columns) => GroupBy().Agg(columns);

    /// <summary>Joins; <paramref name="type"/> is inner, left_outer, right_outer, full_outer, left_semi, left_anti or cross.</summary>
    public DataFrame Join(DataFrame right, Column condition, string type = "inner") =>
        With(new() { Join = new() { Left = Relation, Right = right.Relation, JoinCondition = condition.Expression, JoinType = JoinTypeOf(type) } });

    /// <summary>Joins on columns that both tables have.</summary>
    public DataFrame Join(DataFrame right, IEnumerable<string> columns, string type = "inner") =>
        With(new() { Join = new() { Left = Relation, Right = right.Relation, UsingColumns = { columns }, JoinType = JoinTypeOf(type) } });

    /// <summary>Joins on a column that both tables have.</summary>
    public DataFrame Join(DataFrame right, string column) => Join(right, [column]);

    /// <summary>Every row of one with every row of the other.</summary>
    public DataFrame CrossJoin(DataFrame right) => With(new() { Join = new() { Left = Relation, Right = right.Relation, JoinType = Protocol.Join.Types.JoinType.Cross } });

    /// <summary>The rows of both, columns by position.</summary>
    public DataFrame Union(DataFrame other) => Combine(SetOperation.Types.SetOpType.Union, other, all: true);

    /// <summary>The rows of both, columns by name; a column that one of them lacks is an error, or null there.</summary>
    public DataFrame UnionByName(DataFrame other, bool allowMissingColumns = false) => With(new()
    {
        SetOp = new()
        {
            LeftInput = Relation,
            RightInput = other.Relation,
            SetOpType = SetOperation.Types.SetOpType.Union,
            IsAll = true,
            ByName = true,
            AllowMissingColumns = allowMissingColumns,
        },
    });

    /// <summary>The rows that both have, each once.</summary>
    public DataFrame Intersect(DataFrame other) => Combine(SetOperation.Types.SetOpType.Intersect, other, all: false);

    /// <summary>The rows that both have, as often as both have them.</summary>
    public DataFrame IntersectAll(DataFrame other) => Combine(SetOperation.Types.SetOpType.Intersect, other, all: true);

    /// <summary>The rows that the other has not, each once.</summary>
    public DataFrame Except(DataFrame other) => Combine(SetOperation.Types.SetOpType.Except, other, all: false);

    /// <summary>The rows that the other has not, as often as they are more than there.</summary>
    public DataFrame ExceptAll(DataFrame other) => Combine(SetOperation.Types.SetOpType.Except, other, all: true);

    /// <summary>Each row once.</summary>
    public DataFrame Distinct() => DropDuplicates();

    /// <summary>About this part of the rows, by chance; the same ones for the same seed.</summary>
    public DataFrame Sample(double fraction, bool withReplacement = false, long? seed = null) =>
        With(new() { Sample = new() { Input = Relation, UpperBound = fraction, WithReplacement = withReplacement, Seed = seed ?? Random.Shared.NextInt64() } });

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
    public DataFrame OrderBy(params Column[] columns) => Ordered(columns, wholly: true);

    /// <summary>Sorts by columns, ascending.</summary>
    public DataFrame OrderBy(string column, params string[] columns) => OrderBy(Named(column, columns));

    /// <inheritdoc cref="OrderBy(Column[])"/>
    public DataFrame Sort(params Column[] columns) => OrderBy(columns);

    /// <inheritdoc cref="OrderBy(string, string[])"/>
    public DataFrame Sort(string column, params string[] columns) => OrderBy(column, columns);

    /// <summary>Sorts each partition by itself.</summary>
    public DataFrame SortWithinPartitions(params Column[] columns) => Ordered(columns, wholly: false);

    /// <summary>What a function makes of it: <c>table.Transform(Totals)</c>.</summary>
    public DataFrame Transform(Func<DataFrame, DataFrame> function) => function(this);

    /// <summary>What to do about nulls.</summary>
    public DataFrameNaFunctions Na() => new(this);

    /// <summary>Count, mean, deviation, smallest and largest value of columns, as texts; of all that have them when none is named.</summary>
    public DataFrame Describe(params string[] columns) => With(new() { Describe = new() { Input = Relation, Cols = { columns } } });

    /// <summary>All but the first rows.</summary>
    public DataFrame Offset(int rows) => With(new() { Offset = new() { Input = Relation, Offset_ = rows } });

    /// <summary>The first rows.</summary>
    public DataFrame Limit(int rows) => With(new() { Limit = new() { Input = Relation, Limit_ = rows } });

    /// <summary>Spreads the rows over a number of partitions.</summary>
    public DataFrame Repartition(int partitions) => With(new() { Repartition = new() { Input = Relation, NumPartitions = partitions, Shuffle = true } });

    /// <summary>Spreads the rows so that those with the same values in the columns are in one partition; over as many as Spark's setting says, or a number.</summary>
    public DataFrame Repartition(params Column[] columns) => By(null, columns);

    /// <inheritdoc cref="Repartition(Column[])"/>
    public DataFrame Repartition(int partitions, params Column[] columns) => By(partitions, columns);

    /// <summary>Spreads the rows over partitions, each a range of values of the columns.</summary>
    public DataFrame RepartitionByRange(int partitions, params Column[] columns) =>
        By(partitions, columns.Select(column => new Column(new Expression { SortOrder = column.AsSortOrder() })));

    /// <summary>Puts partitions together, without moving rows between machines where it can.</summary>
    public DataFrame Coalesce(int partitions) => With(new() { Repartition = new() { Input = Relation, NumPartitions = partitions, Shuffle = false } });

    /// <summary>Names the table, for columns like <c>name.column</c>.</summary>
    public DataFrame Alias(string name) => With(new() { SubqueryAlias = new() { Input = Relation, Alias = name } });

    /// <inheritdoc cref="Alias"/>
    public DataFrame As(string name) => Alias(name);

    /// <summary>Names and types of the columns.</summary>
    public StructType Schema() => SchemaAsync().Now();

    /// <inheritdoc cref="Schema"/>
    public async Task<StructType> SchemaAsync(CancellationToken cancellation = default) =>
        TypeReader.ReadSchema((await client.Analyze(new() { Schema = new() { Plan = Plan } }, cancellation).ConfigureAwait(false)).Schema.Schema_);

    /// <summary>Prints names and types of the columns as a tree; members of structs down to a level, or all.</summary>
    public void PrintSchema(int? level = null)
    {
        var request = new AnalyzePlanRequest.Types.TreeString { Plan = Plan };
        if (level is { } deepest)
            request.Level = deepest;
        Console.WriteLine(client.Analyze(new() { TreeString = request }).Now().TreeString.TreeString_);
    }

    /// <summary>Names and types of the columns, in Spark's words.</summary>
    public IEnumerable<Tuple<string, string>> DTypes() => Schema().Fields.Select(field => Tuple.Create(field.Name, field.DataType.SimpleString));

    /// <summary>The names of the columns.</summary>
    public IReadOnlyList<string> Columns() => [.. Schema().Fields.Select(field => field.Name)];

    /// <summary>True when the rows come from a stream: then <see cref="WriteStream"/> runs it.</summary>
    public bool IsStreaming() => client.Analyze(new() { IsStreaming = new() { Plan = Plan } }).Now().IsStreaming.IsStreaming_;

    /// <summary>
    /// SHA-256, in hex, of what the plan says: the same in every process that describes the table in the same way, without a call
    /// to the server. The options of its sources are left out.
    /// </summary>
    public string PlanHash() => Wire.PlanHash.Of(Relation);

    /// <summary>How Spark would run it.</summary>
    public string ExplainString(bool extended = false)
    {
        var mode = extended ? AnalyzePlanRequest.Types.Explain.Types.ExplainMode.Extended : AnalyzePlanRequest.Types.Explain.Types.ExplainMode.Simple;
        return client.Analyze(new() { Explain = new() { Plan = Plan, ExplainMode = mode } }).Now().Explain.ExplainString;
    }

    /// <summary>Prints how Spark would run it.</summary>
    public void Explain(bool extended = false) => Console.WriteLine(ExplainString(extended));

    /// <summary>Keeps the rows in the executors once they are computed, for all that is made of this table.</summary>
    public DataFrame Cache() => Persist(Connect.StorageLevel.MEMORY_AND_DISK);

    /// <inheritdoc cref="Cache"/>
    public DataFrame Persist() => Cache();

    /// <summary>Keeps the rows where the level says.</summary>
    public DataFrame Persist(StorageLevel level)
    {
        var stored = new Protocol.StorageLevel
        {
            UseDisk = level.UseDisk,
            UseMemory = level.UseMemory,
            UseOffHeap = level.UseOffHeap,
            Deserialized = level.Deserialized,
            Replication = level.Replication,
        };
        client.Analyze(new() { Persist = new() { Relation = Relation, StorageLevel = stored } }).Now();
        return this;
    }

    /// <summary>Keeps the rows no longer.</summary>
    public DataFrame Unpersist(bool blocking = false)
    {
        client.Analyze(new() { Unpersist = new() { Relation = Relation, Blocking = blocking } }).Now();
        return this;
    }

    /// <summary>Where the rows are kept; <see cref="StorageLevel.NONE"/>: nowhere.</summary>
    public StorageLevel StorageLevel()
    {
        var level = client.Analyze(new() { GetStorageLevel = new() { Relation = Relation } }).Now().GetStorageLevel.StorageLevel;
        return new(level.UseDisk, level.UseMemory, level.UseOffHeap, level.Deserialized, level.Replication);
    }

    /// <summary>Runs it and brings all rows here.</summary>
    public IReadOnlyList<Row> Collect() => CollectAsync().Now();

    /// <summary>The number of rows.</summary>
    public long Count() => CountAsync().Now();

    /// <summary>The first rows, here.</summary>
    public IReadOnlyList<Row> Take(int rows) => Limit(rows).Collect();

    /// <inheritdoc cref="Take"/>
    public IReadOnlyList<Row> Head(int rows) => Take(rows);

    /// <summary>The last rows, here.</summary>
    public IReadOnlyList<Row> Tail(int rows) => With(new() { Tail = new() { Input = Relation, Limit = rows } }).Collect();

    /// <summary>The first row; null when there is none.</summary>
    public Row? First() => FirstAsync().Now();

    /// <inheritdoc cref="First"/>
    public Row? Head() => First();

    /// <summary>True when there is no row.</summary>
    public bool IsEmpty() => First() is null;

    /// <summary>The first rows as a table in text.</summary>
    public string ShowString(int rows = 20, int truncate = 20, bool vertical = false) => ShowStringAsync(rows, truncate, vertical).Now();

    /// <summary>Prints the first rows, values cut to a number of characters (0: whole), a line for each row or for each value.</summary>
    public void Show(int numRows = 20, int truncate = 20, bool vertical = false) => Console.WriteLine(ShowString(numRows, truncate, vertical));

    /// <summary>Runs it and brings all rows here. Cancelled, it ends on the server too.</summary>
    public async Task<IReadOnlyList<Row>> CollectAsync(CancellationToken cancellation = default)
    {
        var rows = new List<Row>();
        StructType? schema = null;
        await client.Execute(Plan, Read, cancellation).ConfigureAwait(false);
        return rows;

        void Read(ExecutePlanResponse response)
        {
            if (response.Schema is not null)
                schema = TypeReader.ReadSchema(response.Schema);
            if (response.ArrowBatch is { } batch)
                ArrowRows.Read(batch.Data.Memory, schema ?? throw new InvalidOperationException("the server sent rows before their schema"), rows);
        }
    }

    /// <inheritdoc cref="Count"/>
    public async Task<long> CountAsync(CancellationToken cancellation = default) =>
        (await Agg(Functions.Count()).CollectAsync(cancellation).ConfigureAwait(false))[0].GetAs<long>(0);

    /// <inheritdoc cref="First"/>
    public async Task<Row?> FirstAsync(CancellationToken cancellation = default) =>
        await Limit(1).CollectAsync(cancellation).ConfigureAwait(false) is [var row, ..] ? row : null;

    /// <inheritdoc cref="ShowString"/>
    public async Task<string> ShowStringAsync(int rows = 20, int truncate = 20, bool vertical = false, CancellationToken cancellation = default)
    {
        var shown = With(new() { ShowString = new() { Input = Relation, NumRows = rows, Truncate = truncate, Vertical = vertical } });
        return (await shown.CollectAsync(cancellation).ConfigureAwait(false))[0].GetAs<string>(0);
    }

    /// <summary>Makes it a view of the session, for <see cref="SparkSession.Sql(string, object[])"/>; an error when there is one.</summary>
    public void CreateTempView(string name) => CreateView(name, isGlobal: false, replace: false);

    /// <summary>Makes it a view of the session, for <see cref="SparkSession.Sql(string, object[])"/>.</summary>
    public void CreateOrReplaceTempView(string name) => CreateView(name, isGlobal: false, replace: true);

    /// <summary>Makes it a view of all sessions of the server, as <c>global_temp.name</c>; an error when there is one.</summary>
    public void CreateGlobalTempView(string name) => CreateView(name, isGlobal: true, replace: false);

    /// <summary>Makes it a view of all sessions of the server, as <c>global_temp.name</c>.</summary>
    public void CreateOrReplaceGlobalTempView(string name) => CreateView(name, isGlobal: true, replace: true);

    /// <summary>Writes the rows somewhere, once.</summary>
    public DataFrameWriter Write() => new(client, Relation);

    /// <summary>Writes the rows of a stream as they come.</summary>
    public DataStreamWriter WriteStream() => new(client, Relation);

    internal DataFrame With(Relation relation) => new(client, relation);

    Plan Plan => new() { Root = Relation };

    void CreateView(string name, bool isGlobal, bool replace) =>
        client.ExecuteCommand(new() { CreateDataframeView = new() { Input = Relation, Name = name, IsGlobal = isGlobal, Replace = replace } }).Now();

    DataFrame Combine(SetOperation.Types.SetOpType type, DataFrame other, bool all) =>
        With(new() { SetOp = new() { LeftInput = Relation, RightInput = other.Relation, SetOpType = type, IsAll = all } });

    DataFrame Ordered(Column[] columns, bool wholly) =>
        With(new() { Sort = new() { Input = Relation, IsGlobal = wholly, Order = { columns.Select(column => column.AsSortOrder()) } } });

    DataFrame By(int? partitions, IEnumerable<Column> columns)
    {
        var by = new RepartitionByExpression { Input = Relation, PartitionExprs = { columns.Select(column => column.Expression) } };
        if (partitions is { } number)
            by.NumPartitions = number;
        return With(new() { RepartitionByExpression = by });
    }

    static Column[] Named(string column, string[] columns) => [column, .. columns];

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
