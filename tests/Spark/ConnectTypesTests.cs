using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Types;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectTypesTests(SparkWorld world)
{
    static readonly DateTimeOffset Noon = new(2026, 3, 29, 12, 34, 56, 789, TimeSpan.Zero);

    [Theory]
    [InlineData("true", "boolean", true)]
    [InlineData("cast(-5 as tinyint)", "tinyint", (sbyte)-5)]
    [InlineData("cast(300 as smallint)", "smallint", (short)300)]
    [InlineData("70000", "int", 70000)]
    [InlineData("5000000000", "bigint", 5000000000)]
    [InlineData("cast(1.5 as float)", "float", 1.5f)]
    [InlineData("cast(0.1 as double)", "double", 0.1)]
    [InlineData("'Grüße €'", "string", "Grüße €")]
    public void A_plain_value_of_the_server_arrives(string sql, string type, object expected)
    {
        var row = world.Session.Sql($"SELECT {sql} AS v, {sql} IS NULL AS n, cast(null as {type}) AS nothing").Collect().Single();

        row["v"].ShouldBe(expected);
        row["nothing"].ShouldBeNull();
        row.Schema.Fields[0].DataType.ToDdl().ShouldBe(type);
        row.Schema.Fields[2].DataType.ToDdl().ShouldBe(type);
    }

    [Fact]
    public void Exact_numbers_times_and_bytes_of_the_server_arrive()
    {
        var row = world.Session.Sql("""
            SELECT cast('-1234567890.12' AS decimal(12,2)) AS money, timestamp '2026-03-29 12:34:56.789 UTC' AS moment,
                   timestamp_ntz '2026-03-29 02:30:00' AS wall, date '1969-12-31' AS day, X'00FF' AS bytes, interval '1 02:03:04.5' day to second AS span, null AS nothing
            """).Collect().Single();

        row["money"].ShouldBe(-1234567890.12m);
        row["moment"].ShouldBe(Noon);
        row["wall"].ShouldBe(new DateTime(2026, 3, 29, 2, 30, 0));
        row["day"].ShouldBe(new DateOnly(1969, 12, 31));
        row.GetAs<byte[]>("bytes").ShouldBe([0, 255]);
        row["span"].ShouldBe(new TimeSpan(1, 2, 3, 4, 500));
        row["nothing"].ShouldBeNull();
        row.Schema.Fields[0].DataType.ShouldBe(new DecimalType(12, 2));
        row.Schema.Fields[6].DataType.ShouldBe(new NullType());
    }

    [Fact]
    public void Nested_values_of_the_server_arrive()
    {
        var row = world.Session.Sql("""
            SELECT array(1, null, 3) AS list, map('a', 1.50, 'b', null) AS pairs,
                   array(named_struct('id', 'PROD-001', 'prices', array(9.99)), null) AS lines, cast(array() AS array<string>) AS empty
            """).Collect().Single();

        row.GetAs<object?[]>("list").ShouldBe([1, null, 3]);
        row.GetAs<Dictionary<object, object?>>("pairs").ShouldBe(new Dictionary<object, object?> { ["a"] = 1.50m, ["b"] = null });
        var lines = row.GetAs<object?[]>("lines");
        ((Row)lines[0]!)["id"].ShouldBe("PROD-001");
        ((Row)lines[0]!).GetAs<object?[]>("prices").ShouldBe([9.99m]);
        lines[1].ShouldBeNull();
        row.GetAs<object?[]>("empty").ShouldBeEmpty();
    }

    [Fact]
    public void Rows_of_the_client_come_back_as_they_went()
    {
        var item = new StructType([new("product_id", new StringType()), new("price", new DecimalType(12, 2))]);
        var schema = new StructType(
        [
            new("text", new StringType()), new("flag", new BooleanType()), new("small", new ShortType()), new("number", new IntegerType()),
            new("big", new LongType()), new("real", new DoubleType()), new("money", new DecimalType(12, 2)), new("moment", new TimestampType()),
            new("day", new DateType()), new("bytes", new BinaryType()), new("tags", new ArrayType(new StringType())), new("items", new ArrayType(item)), new("best", item),
        ]);
        object?[] full =
        [
            "é", true, (short)3, -7, long.MaxValue, 2.5, -0.01m, Noon, new DateOnly(2026, 2, 28), new byte[] { 1, 0 },
            new object?[] { "a", null }, new object?[] { new object?[] { "P", 1.10m }, null }, new object?[] { "Q", null },
        ];

        var rows = world.Session.CreateDataFrame([full, new object?[full.Length]], schema).Collect();

        rows.Count.ShouldBe(2);
        rows[0].Schema.ShouldBe(schema);
        rows[0].Values.Take(9).ShouldBe(full.Take(9));
        rows[0].GetAs<byte[]>("bytes").ShouldBe([1, 0]);
        rows[0].GetAs<object?[]>("tags").ShouldBe(["a", null]);
        ((Row)rows[0].GetAs<object?[]>("items")[0]!).Values.ShouldBe(["P", 1.10m]);
        rows[0].GetAs<Row>("best").Values.ShouldBe(["Q", null]);
        rows[1].Values.ShouldAllBe(value => value == null);
    }

    [Fact]
    public void A_constant_of_each_type_reaches_the_server()
    {
        object?[] constants = ["it's", true, (sbyte)-1, new DateTime(2026, 3, 29, 2, 30, 0), (short)1, 2, 3L, 1.5f, 2.5, 19.99m, Noon, new DateOnly(2026, 1, 2), TimeSpan.FromSeconds(90), null];

        var row = world.Session.Range(1).Select([.. constants.Select(Lit)]).Collect().Single();

        row.Values.ShouldBe(constants);
    }

    [Fact]
    public void A_time_of_utc_is_a_moment_and_one_without_a_zone_is_not()
    {
        var row = world.Session.Range(1).Select(Lit(Noon.UtcDateTime), Lit(Noon.DateTime)).Collect().Single();

        row.Values.ShouldBe([Noon, Noon.DateTime]);
    }

    [Fact]
    public void Plain_values_and_rows_without_names_become_tables()
    {
        world.Session.CreateDataFrame(["a", null]).Collect().Select(row => row["_1"]).ShouldBe(["a", null]);
        world.Session.CreateDataFrame([1, 2]).Collect().Select(row => row[0]).ShouldBe([1, 2]);
        world.Session.CreateDataFrame([1.5]).Collect().Single()[0].ShouldBe(1.5);
        world.Session.CreateDataFrame([true]).Collect().Single()[0].ShouldBe(true);
        world.Session.CreateDataFrame([Noon]).Collect().Single()[0].ShouldBe(Noon);
        world.Session.CreateDataFrame([new DateOnly(2026, 1, 2)]).Collect().Single()[0].ShouldBe(new DateOnly(2026, 1, 2));
        world.Session.CreateDataFrame([new GenericRow(["a", 1])], new StructType([new("s", new StringType()), new("n", new IntegerType())])).Collect().Single()["n"].ShouldBe(1);
    }

    [Fact]
    public void Rows_that_do_not_fit_their_schema_are_refused_here()
    {
        var schema = new StructType([new("n", new IntegerType())]);

        Should.Throw<ArgumentException>(() => world.Session.CreateDataFrame([["text"]], schema)).Message.ShouldContain("String");
        Should.Throw<ArgumentException>(() => world.Session.CreateDataFrame([[1, 2]], schema)).Message.ShouldContain("1 columns");
    }

    [Fact]
    public void Many_batches_arrive_complete_and_in_order()
    {
        var rows = world.Session.Sql("SELECT id, repeat('x', 100) AS filler FROM range(0, 100000, 1, 4) ORDER BY id").Collect();

        rows.Count.ShouldBe(100_000);
        rows.Select(row => row.GetAs<long>("id")).ShouldBe(Enumerable.Range(0, 100_000).Select(i => (long)i));
    }

    [Fact]
    public void No_rows_are_an_empty_list()
    {
        world.Session.Range(10).Filter("id > 10").Collect().ShouldBeEmpty();
        world.Session.Range(10).Filter("id > 10").First().ShouldBeNull();
    }
}
