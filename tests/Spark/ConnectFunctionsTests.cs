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
        Value(Abs(-Lit(4)) % 3).ShouldBe(1);
        Value(Least(Lit(1), Lit(3))).ShouldBe(1);
        Value(Ceil(Lit(1.2))).ShouldBe(2L);
        Value(Floor(Lit(-1.2))).ShouldBe(-2L);
        Value(Sqrt(Lit(9))).ShouldBe(3.0);
        Value(Pow(Lit(2), 3)).ShouldBe(8.0);
        Value(Log(Exp(Lit(2.0)))).ShouldBe(2.0);
        Value(Rand(1)).ShouldBe(Value(Rand(1)));
        Value(Not(IsNull(Lit(1)))).ShouldBe(true);
        Value(IsNaN(Lit(double.NaN))).ShouldBe(true);
        Value(Lit(double.NaN).IsNaN()).ShouldBe(true);
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
        Value(Trim(Lit(" a "))).ShouldBe("a");
        Value(Ltrim(Lit(" a "))).ShouldBe("a ");
        Value(Rtrim(Lit(" a "))).ShouldBe(" a");
        Value(InitCap(Lit("red ink"))).ShouldBe("Red Ink");
        Value(Lpad(Lit("7"), 3, "0")).ShouldBe("007");
        Value(Rpad(Lit("7"), 3, "0")).ShouldBe("700");
        Value(Split(Lit("a,b,c"), ",")).ShouldBe(new object?[] { "a", "b", "c" });
        Value(Split(Lit("a,b,c"), ",", 2)).ShouldBe(new object?[] { "a", "b,c" });
        Value(RegexpExtract(Lit("ORD-42"), "(\\d+)", 1)).ShouldBe("42");
        Value(RegexpReplace(Lit("ORD-42"), "\\d", "#")).ShouldBe("ORD-##");
        Value(Translate(Lit("abc"), "ac", "xz")).ShouldBe("xbz");
        Value(Instr(Lit("abc"), "c")).ShouldBe(3);
        Value(FormatString("%s-%03d", Lit("a"), Lit(7))).ShouldBe("a-007");
        Value(Sha1(Lit("a").Cast("binary"))).ShouldBe("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
        Value(Sha2(Lit("a").Cast("binary"), 256)).ShouldBe("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
        Value(Hash(Lit(1))).ShouldBe(Value(Hash(Lit(1))));
        Value(Lit("abcdef").SubStr(2, 3)).ShouldBe("bcd");
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
    public void Lists_and_maps_by_their_elements()
    {
        var list = Array(Lit("b"), Lit("a"), Lit("b"));

        Value(ArrayContains(list, "a")).ShouldBe(true);
        Value(ArrayDistinct(list)).ShouldBe(new object?[] { "b", "a" });
        Value(ArrayJoin(list, "-")).ShouldBe("b-a-b");
        Value(SortArray(list, asc: false)).ShouldBe(new object?[] { "b", "b", "a" });
        Value(MapKeys(Map(Lit("k"), Lit(9)))).ShouldBe(new object?[] { "k" });
        Value(MapValues(Map(Lit("k"), Lit(9)))).ShouldBe(new object?[] { 9 });
        Value(ExplodeOuter(Array())).ShouldBeNull();
        world.Session.Range(1).Select(PosExplode(list)).Collect().Select(row => row.ToString()).ShouldBe(["[0,b]", "[1,a]", "[2,b]"]);
    }

    [Fact]
    public void Aggregates()
    {
        var numbers = world.Session.CreateDataFrame([1, 2, 2, 3]);

        Of(CollectSet("_1")).ShouldBeOfType<object?[]>().Order().ShouldBe([1, 2, 3]);
        Of(SumDistinct("_1")).ShouldBe(6L);
        Of(CountDistinct("_1", Lit("x"))).ShouldBe(3L);
        Of(ApproxCountDistinct("_1")).ShouldBe(3L);
        Of(Mean("_1")).ShouldBe(2.0);
        Of(Round(Stddev("_1"), 3)).ShouldBe(0.816);
        Of(Round(Variance("_1"), 3)).ShouldBe(0.667);
        Of(Corr("_1", "_1")).ShouldBe(1.0);
        Of(PercentileApprox("_1", Lit(0.5), Lit(100))).ShouldBe(2);
        world.Session.CreateDataFrame(["a", null]).Coalesce(1).Agg(Last("_1", ignoreNulls: true)).Collect().Single()[0].ShouldBe("a");

        object? Of(Column aggregate) => numbers.Agg(aggregate).Collect().Single().Get(0);
    }

    [Fact]
    public void Json_both_ways()
    {
        var parsed = FromJson(Lit("""{"id":"e1","price":12.50,"odd":1}"""), "id string, price decimal(12,2), missing int");
        Value(parsed.GetField("price")).ShouldBe(12.50m);
        Value(parsed.GetField("missing")).ShouldBeNull();
        Value(FromJson(Lit("no json"), "id string").GetField("id")).ShouldBeNull();
        Value(GetJsonObject(Lit("""{"items":[{"price":1.5}]}"""), "$.items[0].price")).ShouldBe("1.5");
        world.Session.Range(1).Select(JsonTuple(Lit("""{"a":1,"b":"x"}"""), "a", "b")).Collect().Single().Values.ShouldBe(["1", "x"]);
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
        var later = world.Session.Range(1).Select(Window(Lit(Time), "1 hour", "1 hour", "30 minutes").As("w")).Collect().Single().GetAs<Row>("w");
        later["start"].ShouldBe(new DateTimeOffset(2026, 11, 1, 8, 30, 0, TimeSpan.Zero));
        var session = world.Session.Range(1).GroupBy(SessionWindow(Lit(Time), "5 minutes").As("w")).Count().Collect().Single().GetAs<Row>("w");
        session["end"].ShouldBe(Time.AddMinutes(5));

        ((DateTimeOffset)Value(CurrentTimestamp())!).ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void Parts_of_times()
    {
        var day = new DateOnly(2026, 11, 1);

        Value(ToTimestamp(Lit("2026-11-01T08:59:59.999Z"))).ShouldBe(Time);
        Value(ToTimestamp(Lit("01.11.2026 08:59"), "dd.MM.yyyy HH:mm")).ShouldBe(new DateTimeOffset(2026, 11, 1, 8, 59, 0, TimeSpan.Zero));
        Value(ToDate(Lit("2026-11-01"))).ShouldBe(day);
        Value(ToDate(Lit("01.11.2026"), "dd.MM.yyyy")).ShouldBe(day);
        Value(Trunc(Lit(new DateOnly(2026, 11, 9)), "month")).ShouldBe(day);
        Value(DateAdd(Lit(day), 1)).ShouldBe(day.AddDays(1));
        Value(DateSub(Lit(day), 1)).ShouldBe(day.AddDays(-1));
        Value(DateDiff(Lit(day.AddDays(3)), Lit(day))).ShouldBe(3);
        ((DateOnly)Value(CurrentDate())!).ShouldBeInRange(DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-1)), DateOnly.FromDateTime(DateTime.UtcNow.AddDays(1)));
        Column[] parts = [Year(Lit(Time)), Quarter(Lit(Time)), Month(Lit(Time)), DayOfMonth(Lit(Time)), DayOfWeek(Lit(Time)), WeekOfYear(Lit(Time)), Hour(Lit(Time)), Minute(Lit(Time)), Second(Lit(Time))];
        world.Session.Range(1).Select(parts).Collect().Single().Values.ShouldBe([2026, 4, 11, 1, 1, 44, 8, 59, 59]);
        Value(UnixTimestamp(Lit(Time))).ShouldBe(Time.ToUnixTimeSeconds());
        Value(FromUtcTimestamp(Lit(Time), "Asia/Kolkata")).ShouldBe(Time.AddHours(5.5));
    }

    [Fact]
    public void A_text_is_a_column_where_one_is_asked_for_and_a_value_elsewhere()
    {
        var table = world.Session.CreateDataFrame(["a"]);

        table.Select(Concat("_1", Lit("_1"))).Collect().Single()[0].ShouldBe("a_1");
        table.Filter(Col("_1") == "_1").IsEmpty().ShouldBeTrue();
    }

    object? Value(Column column) => world.Session.Range(1).Select(column).Collect().Single().Get(0);
}
