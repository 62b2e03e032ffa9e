using Ecom.Spark.Connect;
using Ecom.Spark.Connect.Protocol;
using Ecom.Spark.Connect.Wire;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark;

[Needs(Runtime.Spark)]
public sealed class ConnectAsyncTests(SparkWorld world)
{
    /// <summary>The rows of its first part come at once; the other two hold both cores of the server for longer than any test waits.</summary>
    DataFrame Endless => world.Session.Range(0, 1, 1, 1).Union(world.Session.Range(1, 100_000_000_000_000, 1, 2).Filter("hash(id) = 0 AND hash(id + 1) = 0"));

    [Fact]
    public async Task What_waits_for_the_server_has_a_twin_that_does_not_hold_a_thread()
    {
        using var folder = new TempFolder("spark-async");
        _ = world.Session;

        await using var session = await SparkSession.Builder().Remote(world.Remote).GetOrCreateAsync();
        var table = await session.SqlAsync("SELECT id, id % 2 AS odd FROM range(:rows)", new Dictionary<string, object?> { ["rows"] = 5 });

        (await table.CountAsync()).ShouldBe(5);
        (await table.CollectAsync()).Select(row => row.GetAs<long>("id")).ShouldBe([0, 1, 2, 3, 4], ignoreOrder: true);
        (await table.OrderBy("id").FirstAsync())!["id"].ShouldBe(0L);
        (await table.Filter("id > 9").FirstAsync()).ShouldBeNull();
        (await table.SchemaAsync()).Fields.Select(field => field.Name).ShouldBe(["id", "odd"]);
        (await table.OrderBy("id").ShowStringAsync(1, vertical: true)).ShouldContain("RECORD 0");
        await table.Write().Format("json").SaveAsync(folder.File("out"));
        session.Read().Json(folder.File("out")).Count().ShouldBe(5);
    }

    [Fact]
    public async Task A_stream_is_started_waited_for_and_stopped_without_a_thread()
    {
        using var folder = new TempFolder("spark-stream");
        folder.Write("in/rows.txt", "1\n2\n3");
        await using var session = world.NewSession();
        var rows = session.ReadStream().Format("text").Load(folder.File("in"));

        var query = await rows.WriteStream().Format("memory").QueryName("rows").StartAsync();
        await query.ProcessAllAvailableAsync();

        (await query.LastProgressAsync())!.Id.ShouldBe(query.Id);
        (await query.AwaitTerminationAsync(TimeSpan.FromMilliseconds(20))).ShouldBeFalse();
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Should.ThrowAsync<OperationCanceledException>(query.AwaitTerminationAsync(patience.Token));
        query.IsActive().ShouldBeTrue();
        await query.StopAsync();
        await query.AwaitTerminationAsync();
    }

    [Fact]
    public async Task A_query_that_is_cancelled_ends_on_the_server_too()
    {
        await using var client = new SparkClient(Remote.Parse(world.Remote), TimeSpan.FromMinutes(5));
        using var cancelling = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = client.Execute(new Plan { Root = Endless.Relation }, response => { if (response.ArrowBatch?.RowCount > 0) begun.TrySetResult(); }, cancelling.Token);
        await Task.WhenAny(begun.Task, run).WaitAsync(Eventually.OnABusyMachine(TimeSpan.FromSeconds(30)));
        run.IsCompleted.ShouldBeFalse();

        await cancelling.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(run);
        // Nothing else would run while its tasks have the cores.
        using var patience = new CancellationTokenSource(Eventually.OnABusyMachine(TimeSpan.FromSeconds(20)));
        (await world.Session.Range(10).Repartition(2).CountAsync(patience.Token)).ShouldBe(10);
    }

    [Fact]
    public async Task What_is_cancelled_before_it_begins_does_not_begin()
    {
        using var folder = new TempFolder("spark-cancelled");
        var cancelled = new CancellationToken(canceled: true);
        var table = world.Session.Range(3);

        await Should.ThrowAsync<OperationCanceledException>(table.CollectAsync(cancelled));
        await Should.ThrowAsync<OperationCanceledException>(table.SchemaAsync(cancelled));
        await Should.ThrowAsync<OperationCanceledException>(table.Write().Format("parquet").SaveAsync(folder.File("out"), cancelled));
        await Should.ThrowAsync<OperationCanceledException>(SparkSession.Builder().Remote(world.Remote).GetOrCreateAsync(cancelled));

        Directory.Exists(folder.File("out")).ShouldBeFalse();
    }

    [Fact]
    public async Task An_error_of_spark_comes_through_the_task()
    {
        var error = await Should.ThrowAsync<SparkException>(world.Session.SqlAsync("SELECT 1/0").ContinueWith(sql => sql.Result.CollectAsync(), TaskScheduler.Default).Unwrap());

        error.ErrorClass.ShouldBe("DIVIDE_BY_ZERO");
    }
}
