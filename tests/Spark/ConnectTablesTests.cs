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
        Ids(Orders.Filter("amount < 6")).ShouldBe("o2");
    }

    [Fact]
    public void Rows_are_grouped_and_aggregated()
    {
        var totals = Orders.GroupBy(Col("user")).Agg(
            Sum(Col("amount")).Alias("sum"), Count(Col("amount")).Alias("n"), Count().Alias("rows"), Avg(Col("amount")).Cast("decimal(12,2)").Alias("avg"),
            Min(Col("amount")).Alias("min"), Max(Col("amount")).Alias("max"), CountDistinct(Col("id")).Alias("ids"), Size(CollectList(Col("id"))).Alias("list"));

        Cells(totals.OrderBy("user")).ShouldBe(["ann,15.50,2,2,7.75,5.50,10.00,2,2", "bob,,0,1,,,,1,1"]);
        Cells(Orders.GroupBy(Col("user")).Count().OrderBy(Col("count").Desc(), Col("user").Asc())).ShouldBe(["ann,2", "bob,1"]);
        Cells(Orders.Agg(First(Lit(1)))).ShouldBe(["1"]);
        Orders.Count().ShouldBe(3);
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
        Ids(Orders.Repartition(2).Alias("t").Select(Col("t.id"))).ShouldBe("o1 o2 o3");
    }

    [Fact]
    public void A_view_is_asked_in_sql_and_a_command_runs_at_once()
    {
        using var session = world.NewSession();
        session.CreateDataFrame([["o1", "ann", 1m]], OrderSchema).CreateOrReplaceTempView("orders");

        Cells(session.Sql("SELECT id FROM orders")).ShouldBe(["o1"]);
        Cells(session.Table("orders").Select("user")).ShouldBe(["ann"]);
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
        Orders.Write().Mode(SaveMode.Ignore).Parquet(folder.File("parquet"));
    }

    [Fact]
    public void A_table_shows_itself_and_its_plan()
    {
        Orders.ShowString(2).ShouldContain("| o1| ann| 10.00|");
        Orders.Filter(Col("amount") > 6).ExplainString().ShouldContain("Physical Plan");
        Orders.ExplainString(extended: true).ShouldContain("Optimized Logical Plan");
        Printed(() => Orders.Show(2)).ShouldContain("| o1| ann| 10.00|");
        Printed(() => Orders.Explain()).ShouldContain("Physical Plan");
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
        one.Version.ShouldStartWith("4.");
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
