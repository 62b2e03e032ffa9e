using Ecom.Spark.Connect;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectFunctionsTests(SparkWorld world)
{
    static readonly DateTimeOffset Time = new(2026, 11, 1, 8, 59, 59, 999, TimeSpan.Zero);

    [Fact]
    public void Arithmetic_and_conversion()
    {
        Value((Lit(7) + 1) * 2 - 6).ShouldBe(10);
        Value(Lit(7) / 2).ShouldBe(3.5);
        Value(Lit("12.345").Cast("decimal(12,2)")).ShouldBe(12.35m);
        Value(Lit("abc").TryCast("int")).ShouldBeNull();
        Value(Round(Lit(2.345m), 2)).ShouldBe(2.35m);
        Value(Greatest(Lit(1), Lit(3), Lit(2))).ShouldBe(3);
        Value(CallFunction("abs", Lit(-4))).ShouldBe(4);
        Value(Expr("1 + 1")).ShouldBe(2);
    }

    [Fact]
    public void The_first_case_that_holds_gives_the_value()
    {
        var grade = When(Col("id") > 5, "high").When(Col("id") > 2, "middle").Otherwise("low");

        world.Session.Range(7).Select(grade).Collect().Select(row => row.Get(0)).ShouldBe(["low", "low", "low", "middle", "middle", "middle", "high"]);
        Value(When(Lit(false), 1)).ShouldBeNull();
        Should.Throw<InvalidOperationException>(() => Lit(1).Otherwise(2));
        Should.Throw<InvalidOperationException>(() => grade.When(Lit(true), 1));
    }

    [Fact]
    public void Texts()
    {
        Value(Concat(Lit("a"), Lit("b"))).ShouldBe("ab");
        Value(ConcatWs("-", Lit("a"), Lit(null), Lit("b"))).ShouldBe("a-b");
        Value(Substring(Lit("abcdef"), 2, 3)).ShouldBe("bcd");
        Value(Length(Lit("äöü"))).ShouldBe(3);
        Value(Upper(Lit("a"))).ShouldBe("A");
        Value(Lower(Lit("A"))).ShouldBe("a");
        Value(Base64(Lit(new byte[] { 1, 2 }))).ShouldBe("AQI=");
        Value(Md5(Lit("a").Cast("binary"))).ShouldBe("0cc175b9c0f1b6a831c399e269772661");
        Value(Coalesce(Lit(null), Lit("x"))).ShouldBe("x");
    }

    [Fact]
    public void Structs_lists_and_maps()
    {
        Value(Struct(Lit(1).As("a"), Lit("x").As("b")).GetField("b")).ShouldBe("x");
        Value(Array(Lit(5), Lit(6)).GetItem(1)).ShouldBe(6);
        Value(TryElementAt(Map(Lit("k"), Lit(9)), "k")).ShouldBe(9);
        Value(TryElementAt(Map(Lit("k"), Lit(9)), "other")).ShouldBeNull();
        Value(Size(Array(Lit(1), Lit(2)))).ShouldBe(2);
        world.Session.Range(1).Select(Explode(Array(Lit(1), Lit(2)))).Collect().Select(row => row.Get(0)).ShouldBe([1, 2]);
        world.Session.Range(1).Select(Struct(Lit(1).As("a"), Lit(2).As("b")).As("s")).Select(Col("s.*")).Collect().Single().Values.ShouldBe([1, 2]);
    }

    [Fact]
    public void Json_both_ways()
    {
        var parsed = FromJson(Lit("""{"id":"e1","price":12.50,"odd":1}"""), "id string, price decimal(12,2), missing int");
        Value(parsed.GetField("price")).ShouldBe(12.50m);
        Value(parsed.GetField("missing")).ShouldBeNull();
        Value(FromJson(Lit("no json"), "id string").GetField("id")).ShouldBeNull();
        Should.Throw<SparkException>(() => Value(FromJson(Lit("no json"), "id string", new Dictionary<string, string> { ["mode"] = "FAILFAST" }))).Message.ShouldContain("FAILFAST");

        var row = Struct(Lit(1.50m).As("price"), Lit(Time).As("time"), Lit(null).Cast("string").As("none"));
        Value(ToJson(row)).ShouldBe("""{"price":1.50,"time":"2026-11-01T08:59:59.999Z"}""");
        Value(ToJson(row, new Dictionary<string, string> { ["ignoreNullFields"] = "false" })).ShouldBe("""{"price":1.50,"time":"2026-11-01T08:59:59.999Z","none":null}""");
    }

    [Fact]
    public void Times_fall_into_windows_of_utc()
    {
        var tumbling = (Row)Value(Window(Lit(Time), "1 hour"))!;
        tumbling["start"].ShouldBe(new DateTimeOffset(2026, 11, 1, 8, 0, 0, TimeSpan.Zero));
        tumbling["end"].ShouldBe(new DateTimeOffset(2026, 11, 1, 9, 0, 0, TimeSpan.Zero));

        var sliding = world.Session.Range(1).Select(Window(Lit(Time), "5 minutes", "1 minute").As("w")).Collect().Select(row => row.GetAs<Row>("w").GetAs<DateTimeOffset>("start").Minute);
        sliding.Order().ShouldBe([55, 56, 57, 58, 59]);

        Value(DateFormat(Lit(Time), "yyyy-MM-dd'T'HH:mm:ss'Z'")).ShouldBe("2026-11-01T08:59:59Z");
        Value(DateTrunc("minute", Lit(Time))).ShouldBe(new DateTimeOffset(2026, 11, 1, 8, 59, 0, TimeSpan.Zero));
        ((DateTimeOffset)Value(CurrentTimestamp())!).ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
    }

    object? Value(Column column) => world.Session.Range(1).Select(column).Collect().Single().Get(0);
}
