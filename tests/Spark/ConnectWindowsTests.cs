using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Types;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;
using Window = Ecom.Spark.Connect.Expressions.Window;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectWindowsTests(SparkWorld world)
{
    DataFrame Sales => world.Session.CreateDataFrame(
        [["pen", 1, 5], ["pen", 2, 7], ["pen", 4, 7], ["ink", 1, 3]],
        new StructType([new("product", new StringType()), new("day", new IntegerType()), new("sold", new IntegerType())]));

    [Fact]
    public void A_function_sees_the_rows_of_its_window()
    {
        var days = Window.PartitionBy("product").OrderBy("day");

        Rows(RowNumber().Over(days)).ShouldBe("ink1=1 pen1=1 pen2=2 pen4=3");
        Rows(Lag("sold", 1, 0).Over(days)).ShouldBe("ink1=0 pen1=0 pen2=5 pen4=7");
        Rows(Lead("sold").Over(days)).ShouldBe("ink1= pen1=7 pen2=7 pen4=");
        Rows(Sum("sold").Over(days)).ShouldBe("ink1=3 pen1=5 pen2=12 pen4=19");
        Rows(Sum("sold").Over(Window.PartitionBy("product"))).ShouldBe("ink1=3 pen1=19 pen2=19 pen4=19");
        Rows(Max("sold").Over()).ShouldBe("ink1=7 pen1=7 pen2=7 pen4=7");
        Rows(First("sold").Over(days.OrderBy(Col("day").Desc()))).ShouldBe("ink1=3 pen1=7 pen2=7 pen4=7");
    }

    [Fact]
    public void Ranks_tell_what_they_do_with_equals()
    {
        var best = Window.PartitionBy("product").OrderBy(Col("sold").Desc());

        Rows(Rank().Over(best)).ShouldBe("ink1=1 pen1=3 pen2=1 pen4=1");
        Rows(DenseRank().Over(best)).ShouldBe("ink1=1 pen1=2 pen2=1 pen4=1");
        Rows(PercentRank().Over(best)).ShouldBe("ink1=0 pen1=1 pen2=0 pen4=0");
        Rows(CumeDist().Over(Window.PartitionBy("product").OrderBy("day")).Cast("decimal(3,2)")).ShouldBe("ink1=1.00 pen1=0.33 pen2=0.67 pen4=1.00");
        Rows(Ntile(2).Over(Window.PartitionBy("product").OrderBy("day"))).ShouldBe("ink1=1 pen1=1 pen2=1 pen4=2");
    }

    [Fact]
    public void A_frame_is_of_rows_or_of_distances()
    {
        var days = Window.PartitionBy("product").OrderBy("day");

        Rows(Sum("sold").Over(days.RowsBetween(-1, Window.CurrentRow))).ShouldBe("ink1=3 pen1=5 pen2=12 pen4=14");
        Rows(Sum("sold").Over(days.RangeBetween(-1, 0))).ShouldBe("ink1=3 pen1=5 pen2=12 pen4=7");
        Rows(Sum("sold").Over(days.RangeBetween(Lit(-2), Lit(0)))).ShouldBe("ink1=3 pen1=5 pen2=12 pen4=14");
        Rows(Sum("sold").Over(days.RowsBetween(Window.CurrentRow, Window.UnboundedFollowing))).ShouldBe("ink1=3 pen1=19 pen2=14 pen4=7");
        Rows(Count().Over(days.RowsBetween(Window.UnboundedPreceding, 1))).ShouldBe("ink1=1 pen1=2 pen2=3 pen4=3");
        Should.Throw<OverflowException>(() => days.RowsBetween(0, 5_000_000_000));
    }

    string Rows(Column column) => string.Join(' ', Sales.WithColumn("x", column).Collect().Select(row => $"{row["product"]}{row["day"]}={row["x"]}").Order(StringComparer.Ordinal));
}
