using Ecom.Spark.Connect.Streaming;
using Ecom.Spark.Connect.Types;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Spark.Connect.Functions;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectStreamsTests(SparkWorld world)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_stream_runs_reports_and_stops()
    {
        using var session = world.NewSession();
        var source = session.ReadStream().Format("rate-micro-batch").Option("rowsPerBatch", "5").Load();

        var query = source.WriteStream().Format("memory").QueryName("numbers").Trigger(Trigger.ProcessingTime("100 milliseconds")).Start();

        source.IsStreaming().ShouldBeTrue();
        query.Name.ShouldBe("numbers");
        session.Streams().Active().Select(active => active.Id).ShouldBe([query.Id]);
        session.Streams().Get(query.Id)!.RunId.ShouldBe(query.RunId);
        await Eventually.Until(() => query.LastProgress()?.NumInputRows == 5, Patience, "a batch is done");
        query.RecentProgress()[0].BatchId.ShouldBe(0);
        query.Status().Message.ShouldNotBeEmpty();
        query.ExplainString().ShouldContain("Physical Plan");
        session.Table("numbers").Count().ShouldBeGreaterThanOrEqualTo(5);
        query.AwaitTermination(TimeSpan.FromMilliseconds(50)).ShouldBeFalse();

        query.Stop();

        query.IsActive().ShouldBeFalse();
        query.AwaitTermination(Eventually.OnABusyMachine(Patience)).ShouldBeTrue();
        query.Exception().ShouldBeNull();
        session.Streams().Active().ShouldBeEmpty();
        session.Streams().AwaitAnyTermination(TimeSpan.FromMilliseconds(50)).ShouldBeTrue();
        session.Streams().ResetTerminated();
        session.Streams().Get(query.Id).ShouldBeNull();
    }

    [Fact]
    public void A_stream_over_what_is_there_ends_by_itself_and_goes_on_from_its_checkpoint()
    {
        using var folder = new TempFolder("spark-stream");
        using var session = world.NewSession();
        Write("""{"id":"a","at":"2026-01-01T00:00:00Z"}""", """{"id":"a","at":"2026-01-01T00:00:01Z"}""", """{"id":"b","at":"2026-01-01T00:00:02Z"}""");

        var first = Run();
        Write("""{"id":"c","at":"2026-01-01T00:00:03Z"}""", """{"id":"a","at":"2026-01-01T00:00:04Z"}""");
        var second = Run();

        second.Id.ShouldBe(first.Id);
        second.RunId.ShouldNotBe(first.RunId);
        first.RecentProgress().Max(progress => progress.Watermark).ShouldBe(new DateTimeOffset(2025, 12, 31, 23, 59, 2, TimeSpan.Zero));
        first.RecentProgress().Max(progress => progress.StateRows).ShouldBe(2);
        string.Join(' ', session.Read().Json(folder.File("out")).Collect().Select(row => row.Get("id")).Order()).ShouldBe("a b c");

        void Write(params string[] lines) => folder.Write($"in/{Guid.NewGuid()}.json", string.Join('\n', lines));

        StreamingQuery Run()
        {
            var query = session.ReadStream().Format("json").Schema("id string, at timestamp").Load(folder.File("in"))
                .WithWatermark("at", "1 minute").DropDuplicatesWithinWatermark("id")
                .WriteStream().Format("json").OutputMode("append").Trigger(Trigger.AvailableNow())
                .Option("checkpointLocation", folder.File("checkpoint")).Start(folder.File("out"));
            query.AwaitTermination();
            return query;
        }
    }

    [Fact]
    public async Task A_stream_goes_into_a_table_or_into_folders_by_value()
    {
        using var folder = new TempFolder("spark-sinks");
        using var session = world.NewSession();
        var table = $"numbers_{Guid.NewGuid():N}";
        folder.Write("in/1.json", """{"id":"a","kind":"x"}""");
        folder.Write("in/2.json", """{"id":"b","kind":"y"}""");
        var rows = session.ReadStream().Schema(new StructType([new("id", new StringType()), new("kind", new StringType())]))
            .Options(new Dictionary<string, string> { ["maxFilesPerTrigger"] = "1" }).Json(folder.File("in"));

        var toTable = rows.WriteStream().Trigger(Trigger.Once()).Option("checkpointLocation", folder.File("checkpoint")).ToTable(table);
        var toFolders = rows.WriteStream().Format("json").PartitionBy("kind").OutputMode(OutputMode.Append).Trigger(Trigger.AvailableNow())
            .Option("checkpointLocation", folder.File("other")).Start(folder.File("out"));
        await Task.WhenAll(toTable.AwaitTerminationAsync(), toFolders.AwaitTerminationAsync());

        session.Table(table).Collect().Select(row => row["id"]).ShouldBe(["a", "b"], ignoreOrder: true);
        toTable.RecentProgress().Count(progress => progress.NumInputRows > 0).ShouldBe(2);
        Directory.GetDirectories(folder.File("out"), "kind=*").Select(Path.GetFileName).ShouldBe(["kind=x", "kind=y"], ignoreOrder: true);
        session.ReadStream().Table(table).IsStreaming().ShouldBeTrue();
        session.Sql($"DROP TABLE {table}");
    }

    [Fact]
    public async Task A_continuous_stream_runs_row_by_row()
    {
        using var session = world.NewSession();

        var query = session.ReadStream().Format("rate").Option("rowsPerSecond", 50).Option("numPartitions", 1).Load()
            .WriteStream().Format("memory").QueryName("continuous").Trigger(Trigger.Continuous(200)).Start();

        await Eventually.Until(() => session.Table("continuous").Count() > 0, Patience, "rows come");
        query.ExplainString().ShouldContain("ContinuousScan");
        query.Stop();
        query.AwaitTermination(Eventually.OnABusyMachine(Patience)).ShouldBeTrue();
    }

    [Fact]
    public void A_window_over_a_stream_is_refined_while_events_arrive()
    {
        using var folder = new TempFolder("spark-window");
        using var session = world.NewSession();
        folder.Write("in/1.json", """{"at":"2026-01-01T00:00:10Z"}""");
        var query = session.ReadStream().Format("json").Schema("at timestamp").Load(folder.File("in"))
            .WithWatermark("at", "1 minute").GroupBy(Window(Col("at"), "1 minute")).Count()
            .WriteStream().Format("memory").QueryName("minutes").OutputMode("update").Start();

        query.ProcessAllAvailable();
        // The stream looks into its folder all the time, and must not find half of a file.
        folder.Write("2.json", """{"at":"2026-01-01T00:00:20Z"}""");
        File.Move(folder.File("2.json"), folder.File("in/2.json"));
        query.ProcessAllAvailable();
        query.Stop();

        session.Table("minutes").Collect().Select(row => row.Get("count")).ShouldBe([1L, 2L], ignoreOrder: true);
    }
}
