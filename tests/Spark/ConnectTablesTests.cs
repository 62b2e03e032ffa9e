using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Types;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectTablesTests(SparkWorld world)
{
    static readonly StructType OrderSchema = new([new("id", new StringType()), new("user", new StringType()), new("amount", new DecimalType(12, 2))]);

    DataFrame Orders => world.Session.CreateDataFrame([["o1", "ann", 10.00m], ["o2", "ann", 5.50m], ["o3", "bob", null]], OrderSchema);

    DataFrame Users => world.Session.CreateDataFrame([["ann", "Ann"], ["cid", "Cid"]], new StructType([new("user", new StringType()), new("name", new StringType())]));

    [Fact]
    public void Columns_are_chosen_made_renamed_and_dropped()
    {
        var table = Orders.WithColumn("double", Col("amount") * 2).WithColumnRenamed("id", "order_id").Drop("user").Select("order_id", "double");

        table.Columns().ShouldBe(["order_id", "double"]);
        Cells(table.OrderBy("order_id")).ShouldBe(["o1,20.00", "o2,11.00", "o3,"]);
        Cells(Orders.SelectExpr("count(*) AS n")).ShouldBe(["3"]);
        Cells(Orders.Select(Col("*")).Limit(1)).ShouldBe(["o1,ann,10.00"]);
    }

    [Fact]
    public void Rows_are_filtered_by_each_kind_of_condition()
    {
        Ids(Orders.Filter(Col("amount") > 6)).ShouldBe("o1");
        Ids(Orders.Filter(Col("amount") <= 5.50m)).ShouldBe("o2");
        Ids(Orders.Where(Col("user") == "ann" & Col("id") != "o1")).ShouldBe("o2");
        Ids(Orders.Filter(Col("amount").IsNull() | (Col("amount") >= 10))).ShouldBe("o1 o3");
        Ids(Orders.Filter(!Col("amount").IsNotNull())).ShouldBe("o3");
        Ids(Orders.Filter(Col("id").IsIn("o1", "o3"))).ShouldBe("o1 o3");
        Ids(Orders.Filter(Col("amount").Between(5, 6))).ShouldBe("o2");
        Ids(Orders.Filter(Col("amount").EqNullSafe(null))).ShouldBe("o3");
        Ids(Orders.Filter(Col("id").Like("%2"))).ShouldBe("o2");
        Ids(Orders.Where("amount < 6")).ShouldBe("o2");
        Ids(Orders.Filter(Col("user").RLike("^a.n$"))).ShouldBe("o1 o2");
        Ids(Orders.Filter(Col("user").StartsWith("b"))).ShouldBe("o3");
        Ids(Orders.Filter(Col("id").EndsWith("2") | Col("id").Contains("3"))).ShouldBe("o2 o3");
        Ids(Orders.Filter(Col("user").NotEqual("ann"))).ShouldBe("o3");
        Ids(Orders.Filter(Col("amount").IsIn(5.50m, 7m))).ShouldBe("o2");
    }

    [Fact]
    public void Rows_are_grouped_and_aggregated()
    {
        var totals = Orders.GroupBy(Col("user")).Agg(
            Sum(Col("amount")).Alias("sum"), Count(Col("amount")).Alias("n"), Count().Alias("rows"), Avg(Col("amount")).Cast("decimal(12,2)").Alias("avg"),
            Min(Col("amount")).Alias("min"), Max(Col("amount")).Alias("max"), CountDistinct(Col("id")).Alias("ids"), Size(CollectList(Col("id"))).Alias("list"));

        Cells(totals.OrderBy("user")).ShouldBe(["ann,15.50,2,2,7.75,5.50,10.00,2,2", "bob,,0,1,,,,1,1"]);
        Cells(Orders.GroupBy(Col("user")).Count().OrderBy(Col("count").Desc(), Col("user").Asc())).ShouldBe(["ann,2", "bob,1"]);
        Cells(Orders.GroupBy("user", "id").Count().OrderBy("id")).ShouldBe(["ann,o1,1", "ann,o2,1", "bob,o3,1"]);
        Cells(Orders.GroupBy("user").Sum("amount").OrderBy("user")).ShouldBe(["ann,15.50", "bob,"]);
        Cells(Orders.GroupBy("user").Max("id", "amount").OrderBy("user")).ShouldBe(["ann,o2,10.00", "bob,o3,"]);
        Cells(Orders.GroupBy().Min("amount")).ShouldBe(["5.50"]);
        Cells(Orders.GroupBy().Mean("amount")).ShouldBe(["7.750000"]);
        Cells(Orders.Rollup("user").Agg(Sum("amount")).OrderBy("user")).ShouldBe([",15.50", "ann,15.50", "bob,"]);
        Cells(Orders.Cube("user", "id").Count().Filter("user IS NULL AND id IS NULL").Select("count")).ShouldBe(["3"]);
        Cells(Orders.Agg(First(Lit(1)))).ShouldBe(["1"]);
        Orders.Count().ShouldBe(3);
    }

    [Fact]
    public void Values_become_columns()
    {
        Cells(Orders.GroupBy("user").Pivot("id").Sum("amount").OrderBy("user")).ShouldBe(["ann,10.00,5.50,", "bob,,,"]);
        Cells(Orders.GroupBy("user").Pivot("id", ["o1", "o9"]).Agg(Count()).OrderBy("user")).ShouldBe(["ann,1,", "bob,,"]);
    }

    [Fact]
    public void Nulls_are_left_out_or_filled()
    {
        Ids(Orders.Na().Drop()).ShouldBe("o1 o2");
        Ids(Orders.Na().Drop("all", ["amount"])).ShouldBe("o1 o2");
        Ids(Orders.Na().Drop("all")).ShouldBe("o1 o2 o3");
        Cells(Orders.Na().Fill(0).Filter("id = 'o3'")).ShouldBe(["o3,bob,0.00"]);
        Cells(Orders.WithColumn("user", Lit(null).Cast("string")).Na().Fill("nobody", ["user"]).Select("user").Distinct()).ShouldBe(["nobody"]);
        Should.Throw<ArgumentException>(() => Orders.Na().Drop("some")).Message.ShouldContain("some");
    }

    [Fact]
    public void A_table_is_kept_until_it_is_not()
    {
        using var session = world.NewSession();
        var kept = session.Range(1000).WithColumn("chance", Rand());
        kept.StorageLevel().ShouldBe(StorageLevel.NONE);

        var sum = kept.Cache().Agg(Sum("chance")).Collect().Single().Get(0);

        kept.StorageLevel().ShouldBe(StorageLevel.MEMORY_AND_DISK);
        kept.ExplainString().ShouldContain("InMemoryTableScan");
        kept.Filter("id >= 0").Agg(Sum("chance")).Collect().Single().Get(0).ShouldBe(sum);
        kept.Unpersist(blocking: true).StorageLevel().ShouldBe(StorageLevel.NONE);
        kept.Persist(StorageLevel.DISK_ONLY).StorageLevel().ShouldBe(StorageLevel.DISK_ONLY);
        kept.Unpersist();
    }

    [Theory]
    [InlineData("inner", "o1 o2")]
    [InlineData("left_outer", "o1 o2 o3")]
    [InlineData("right_outer", " o1 o2")]
    [InlineData("full_outer", " o1 o2 o3")]
    [InlineData("left_semi", "o1 o2")]
    [InlineData("left_anti", "o3")]
    public void Tables_are_joined(string type, string expected)
    {
        DataFrame orders = Orders, users = Users;

        Ids(orders.Join(users, orders["user"] == users["user"], type)).ShouldBe(expected);
        Ids(orders.Join(users, ["user"], type)).ShouldBe(expected);
    }

    [Fact]
    public void A_join_of_an_unknown_kind_is_refused() =>
        Should.Throw<ArgumentException>(() => Orders.Join(Users, Lit(true), "sideways")).Message.ShouldContain("sideways");

    [Fact]
    public void Tables_are_put_together_and_freed_of_duplicates()
    {
        Ids(Orders.Union(Orders)).ShouldBe("o1 o1 o2 o2 o3 o3");
        Ids(Orders.Union(Orders).DropDuplicates()).ShouldBe("o1 o2 o3");
        Orders.DropDuplicates("user").Count().ShouldBe(2);
        Ids(Orders.UnionByName(Orders.Select("amount", "user", "id")).DropDuplicates("id")).ShouldBe("o1 o2 o3");
        Ids(Orders.Repartition(2).As("t").Select(Col("t.id"))).ShouldBe("o1 o2 o3");
        Ids(Orders.Union(Orders).Distinct()).ShouldBe("o1 o2 o3");
        Ids(Orders.Union(Orders).Intersect(Orders.Filter("id <> 'o2'"))).ShouldBe("o1 o3");
        Ids(Orders.Union(Orders).IntersectAll(Orders.Union(Orders).Limit(6))).ShouldBe("o1 o1 o2 o2 o3 o3");
        Ids(Orders.Union(Orders).Except(Orders.Filter("id = 'o1'"))).ShouldBe("o2 o3");
        Ids(Orders.Union(Orders).ExceptAll(Orders)).ShouldBe("o1 o2 o3");
        Cells(Orders.UnionByName(Users, allowMissingColumns: true).Filter("user = 'cid'")).ShouldBe([",cid,,Cid"]);
        Orders.CrossJoin(Users).Count().ShouldBe(6);
        Ids(Orders.Join(Users, "user")).ShouldBe("o1 o2");
    }

    [Fact]
    public void Rows_are_picked_sorted_and_spread()
    {
        Ids(Orders.OrderBy("id").Offset(1).Limit(1)).ShouldBe("o2");
        Orders.OrderBy("id").Tail(1).Single()["id"].ShouldBe("o3");
        Orders.Sort(Col("amount").DescNullsFirst()).Head()!["id"].ShouldBe("o3");
        Orders.Sort(Col("amount").AscNullsLast()).Head(1)[0][0].ShouldBe("o2");
        (Orders.IsEmpty(), Orders.Filter("false").IsEmpty()).ShouldBe((false, true));
        world.Session.Range(0, 1000, 1, 3).Sample(0.5, seed: 7).Count().ShouldBeInRange(400, 600);
        Partitions(world.Session.Range(0, 10, 1, 3)).ShouldBe(3);
        Partitions(world.Session.Range(0, 10, 1, 3).Coalesce(2)).ShouldBe(2);
        Partitions(world.Session.Range(100).Repartition(4, "id")).ShouldBe(4);
        Partitions(world.Session.Range(100).RepartitionByRange(3, "id")).ShouldBe(3);
        world.Session.Range(100).Repartition("id").SortWithinPartitions("id").ExplainString().ShouldContain("Sort [id");
        Orders.ToDF("a", "b", "c").Transform(table => table.Select("c", "a")).Columns().ShouldBe(["c", "a"]);
        Orders.Describe("amount").Filter("summary = 'max'").Collect().Single()["amount"].ShouldBe("10.00");

        static long Partitions(DataFrame table) => table.Select(CallFunction("spark_partition_id").As("partition")).Distinct().Count();
    }

    [Fact]
    public void A_view_is_asked_in_sql_and_a_command_runs_at_once()
    {
        using var session = world.NewSession();
        session.CreateDataFrame([["o1", "ann", 1m]], OrderSchema).CreateOrReplaceTempView("orders");

        Cells(session.Sql("SELECT id FROM orders")).ShouldBe(["o1"]);
        Cells(session.Table("orders").Select("user")).ShouldBe(["ann"]);
        Cells(session.Sql("SELECT id FROM orders WHERE user = ? AND amount < ?", "ann", 2)).ShouldBe(["o1"]);
        Cells(session.Sql("SELECT id FROM orders WHERE user = :user", new Dictionary<string, object?> { ["user"] = "x' OR 'x' = 'x" })).ShouldBeEmpty();
        Should.Throw<SparkException>(() => session.Table("orders").CreateTempView("orders")).ErrorClass.ShouldBe("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS");
        session.Table("orders").CreateOrReplaceGlobalTempView("everywhere");
        Cells(world.Session.Sql("SELECT id FROM global_temp.everywhere")).ShouldBe(["o1"]);
        session.Sql("DROP VIEW orders");
        Should.Throw<SparkException>(() => session.Table("orders").Collect()).ErrorClass.ShouldBe("TABLE_OR_VIEW_NOT_FOUND");
    }

    [Fact]
    public void Files_are_written_and_read()
    {
        using var folder = new TempFolder("spark-files");

        Orders.Write().Mode(SaveMode.Overwrite).Json(folder.File("json"));
        Orders.Write().Format("parquet").Option("compression", "none").Save(folder.File("parquet"));
        Orders.Select("id").Write().Mode(SaveMode.Append).Text(folder.File("text"));

        Ids(world.Session.Read().Schema("id string, amount decimal(12,2)").Json(folder.File("json"))).ShouldBe("o1 o2 o3");
        world.Session.Read().Parquet(folder.File("parquet")).Schema().ShouldBe(OrderSchema);
        Ids(world.Session.Read().Option("wholetext", "false").Text(folder.File("text")).Select(Col("value").As("id"))).ShouldBe("o1 o2 o3");
        Should.Throw<SparkException>(() => Orders.Write().Mode(SaveMode.ErrorIfExists).Parquet(folder.File("parquet"))).ErrorClass.ShouldBe("PATH_ALREADY_EXISTS");
        Orders.Write().Mode("ignore").Parquet(folder.File("parquet"));

        Orders.Write().PartitionBy("user").Option("header", true).Csv(folder.File("csv"));
        Directory.GetDirectories(folder.File("csv")).Select(Path.GetFileName).ShouldBe(["user=ann", "user=bob"], ignoreOrder: true);
        Ids(world.Session.Read().Schema(OrderSchema).Options(new Dictionary<string, string> { ["header"] = "true" }).Csv(folder.File("csv"))).ShouldBe("o1 o2 o3");
        Orders.Write().Orc(folder.File("orc"));
        world.Session.Read().Orc(folder.File("orc")).Count().ShouldBe(3);
    }

    [Fact]
    public void Rows_become_a_table_of_spark_and_are_added_to_it()
    {
        var name = $"orders_{Guid.NewGuid():N}";

        Orders.Limit(1).Write().SaveAsTable(name);
        Orders.Limit(2).Write().InsertInto(name);

        world.Session.Table(name).Count().ShouldBe(3);
        world.Session.Sql($"DROP TABLE {name}");
    }

    [Fact]
    public void A_table_shows_itself_and_its_plan()
    {
        Orders.ShowString(2).ShouldContain("| o1| ann| 10.00|");
        Orders.Filter(Col("amount") > 6).ExplainString().ShouldContain("Physical Plan");
        Orders.ExplainString(extended: true).ShouldContain("Optimized Logical Plan");
        Printed(() => Orders.Show(2)).ShouldContain("| o1| ann| 10.00|");
        Printed(() => Orders.Explain()).ShouldContain("Physical Plan");
        Printed(() => Orders.PrintSchema()).ShouldContain(" |-- amount: decimal(12,2) (nullable = true)");
        Printed(() => Orders.Select(Struct("id", "user").As("both")).PrintSchema(1)).ShouldNotContain("id");
        Orders.DTypes().ShouldBe([Tuple.Create("id", "string"), Tuple.Create("user", "string"), Tuple.Create("amount", "decimal(12,2)")]);
        Orders.IsStreaming().ShouldBeFalse();
        Orders.Take(2).Count.ShouldBe(2);
    }

    [Fact]
    public void Settings_belong_to_their_session()
    {
        using var one = world.NewSession();
        using var other = world.NewSession();

        one.Conf().Set("spark.sql.shuffle.partitions", "7");

        one.Conf().Get("spark.sql.shuffle.partitions").ShouldBe("7");
        other.Conf().Get("spark.sql.shuffle.partitions").ShouldBe("2");
        one.Conf().Unset("spark.sql.shuffle.partitions");
        one.Conf().Get("spark.sql.shuffle.partitions").ShouldNotBe("7");
        one.Conf().Get("no.such.setting").ShouldBeNull();
        one.Conf().Get("no.such.setting", "other").ShouldBe("other");
        one.Conf().Set("spark.sql.shuffle.partitions", 5);
        one.Conf().Set("spark.sql.ansi.enabled", false);
        (one.Conf().Get("spark.sql.shuffle.partitions"), one.Conf().Get("spark.sql.ansi.enabled")).ShouldBe(("5", "false"));
        one.Version().ShouldStartWith("4.");
    }

    [Fact]
    public void A_session_tells_what_the_program_is_called()
    {
        using var session = SparkSession.Builder().Remote(world.Remote).AppName("own job").Config("spark.sql.shuffle.partitions", 3).GetOrCreate();

        session.Conf().Get("spark.app.name").ShouldBe("own job");
        session.Conf().Get("spark.sql.shuffle.partitions").ShouldBe("3");
        world.Session.Conf().Get("spark.app.name").ShouldNotBe("own job");
    }

    static string Printed(Action print)
    {
        var console = Console.Out;
        using var text = new StringWriter();
        Console.SetOut(text);
        try
        {
            print();
        }
        finally
        {
            Console.SetOut(console);
        }
        return text.ToString();
    }

    static string Ids(DataFrame table) => string.Join(' ', table.Collect().Select(row => row.Get("id")?.ToString() ?? "").Order(StringComparer.Ordinal));

    static IEnumerable<string> Cells(DataFrame table) => table.Collect().Select(row => string.Join(',', row.Values));
}
