using Ecom.Spark.Connect;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectBrokenConnectionTests(SparkWorld world)
{
    const int Rows = 200_000;

    [Theory]
    [InlineData(500)]
    [InlineData(200_000)]
    [InlineData(5_000_000)]
    public void A_result_that_is_cut_goes_on_after_the_last_batch(long bytes)
    {
        _ = world.Session;
        using var proxy = new CuttingProxy(world.Port);
        using var session = SparkSession.Builder().Remote($"sc://127.0.0.1:{proxy.Port}").GetOrCreate();
        var query = session.Sql($"SELECT id, repeat('x', 50) AS filler FROM range(0, {Rows}, 1, 20)");

        proxy.CutAfter(bytes);
        var rows = query.Collect();

        proxy.Cuts.ShouldBe(1);
        rows.Select(row => row.GetAs<long>("id")).ShouldBe(Enumerable.Range(0, Rows).Select(i => (long)i));
    }

    [Fact]
    public void A_command_that_is_cut_runs_once()
    {
        using var folder = new TempFolder("spark-cut");
        _ = world.Session;
        using var proxy = new CuttingProxy(world.Port);
        using var session = SparkSession.Builder().Remote($"sc://127.0.0.1:{proxy.Port}").GetOrCreate();

        proxy.CutAfter(1);
        session.Range(10).Write().Mode(SaveMode.Append).Parquet(folder.File("numbers"));

        proxy.Cuts.ShouldBe(1);
        session.Read().Parquet(folder.File("numbers")).Count().ShouldBe(10);
    }

    [Fact]
    public async Task A_server_that_is_away_for_a_moment_is_waited_for()
    {
        _ = world.Session;
        using var proxy = new CuttingProxy(world.Port);
        using var session = SparkSession.Builder().Remote($"sc://127.0.0.1:{proxy.Port}").GetOrCreate();

        proxy.Refuse(true);
        var version = Task.Run(() => session.Range(3).Count());
        await Task.WhenAny(version, Task.Delay(500));
        version.IsCompleted.ShouldBeFalse();
        proxy.Refuse(false);

        (await version).ShouldBe(3);
    }

    [Fact]
    public async Task An_idle_session_gives_signs_of_life()
    {
        _ = world.Session;
        using var proxy = new CuttingProxy(world.Port);
        var builder = SparkSession.Builder().Remote($"sc://127.0.0.1:{proxy.Port}");
        builder.KeepAliveInterval = TimeSpan.FromMilliseconds(100);
        using var session = builder.GetOrCreate();

        var before = proxy.BytesUp;

        await Eventually.Until(() => proxy.BytesUp > before + 200, TimeSpan.FromSeconds(10), "the session is pinged");
    }

    [Fact]
    public void A_session_that_was_released_is_gone()
    {
        var id = Guid.NewGuid().ToString();
        _ = world.Session;
        SparkSession Connect() => SparkSession.Builder().Remote($"{world.Remote}/;user_id=ann;session_id={id}").GetOrCreate();

        Connect().Stop();

        Should.Throw<SparkException>(Connect).ErrorClass.ShouldBe("INVALID_HANDLE.SESSION_CLOSED");
    }
}
