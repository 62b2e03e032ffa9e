using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Wire;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Tests.Spark;

public sealed class ConnectErrorsTests(SparkWorld world)
{
    [Theory]
    [InlineData("SELECT nothing FROM range(1)", "UNRESOLVED_COLUMN", "42703")]
    [InlineData("SELEC 1", "PARSE_SYNTAX_ERROR", "42601")]
    [InlineData("SELECT * FROM nowhere", "TABLE_OR_VIEW_NOT_FOUND", "42P01")]
    [InlineData("SELECT cast('x' AS int)", "CAST_INVALID_INPUT", "22018")]
    [InlineData("SELECT 1/0", "DIVIDE_BY_ZERO", "22012")]
    [Needs(Runtime.Spark)]
    public void An_error_of_spark_carries_its_class_state_and_message(string sql, string errorClass, string state)
    {
        var error = Should.Throw<SparkException>(() => world.Session.Sql(sql).Collect());

        (error.ErrorClass ?? "").ShouldStartWith(errorClass);
        error.SqlState.ShouldBe(state);
        error.Message.ShouldContain(errorClass);
        (error.JavaClass ?? "").ShouldContain(".");
    }

    [Fact]
    [Needs(Runtime.Spark)]
    public void A_long_message_is_complete()
    {
        var columns = string.Join(", ", Enumerable.Range(0, 300).Select(i => $"{i} AS a_rather_long_column_name_{i}"));

        var error = Should.Throw<SparkException>(() => world.Session.Sql($"SELECT {columns}, raise_error(repeat('long ', 2000) || 'end') AS bad").Collect());

        error.Message.ShouldContain("long end");
    }

    [Fact]
    [Needs(Runtime.Spark)]
    public void The_cause_of_a_failed_stream_is_in_the_chain()
    {
        using var session = world.NewSession();
        var query = session.ReadStream().Format("rate-micro-batch").Option("rowsPerBatch", "1").Load()
            .Select(CallFunction("raise_error", Lit("broken on purpose")).As("value"))
            .WriteStream().Format("memory").QueryName("broken").Start();

        var error = Should.Throw<SparkException>(() => query.AwaitTermination(Eventually.OnABusyMachine(TimeSpan.FromSeconds(60))));

        error.ErrorClass.ShouldBe("STREAM_FAILED");
        error.Chain().Select(e => e.Message).ShouldContain(message => message.Contains("broken on purpose"));
        query.IsActive().ShouldBeFalse();
        query.Exception()!.Message.ShouldContain("broken on purpose");
    }

    [Fact]
    public void A_server_that_is_not_there_is_named_at_once()
    {
        var port = Ports.Free();
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var error = Should.Throw<SparkConnectionException>(() => SparkSession.Builder().Remote($"sc://127.0.0.1:{port}").GetOrCreate());

        error.Message.ShouldContain($"127.0.0.1:{port}");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData("http://localhost:15002")]
    [InlineData("localhost")]
    [InlineData("sc://localhost/path")]
    [InlineData("sc://localhost/;user_id")]
    public void An_address_that_is_none_is_refused(string address) =>
        Should.Throw<FormatException>(() => SparkSession.Builder().Remote(address).GetOrCreate()).Message.ShouldContain(address);

    [Fact]
    public void The_client_says_what_it_is_unless_the_address_says_otherwise()
    {
        Remote.Parse("sc://localhost").UserAgent.ShouldStartWith("ecom-spark-connect/0.");
        Remote.Parse("sc://localhost/;user_agent=shop").UserAgent.ShouldBe("shop");
    }

    [Fact]
    [Needs(Runtime.Spark)]
    public void The_parameters_of_an_address_are_used()
    {
        _ = world.Session;
        var id = Guid.NewGuid().ToString();

        using var session = SparkSession.Builder().Remote($"{world.Remote}/;user_id=ann;session_id={id};x-team=shop").GetOrCreate();

        session.SessionId.ShouldBe(id);
        session.Sql("SELECT current_user()").Collect().Single().Get(0).ShouldNotBeNull();
    }
}
