using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ecom.Spark.Connect;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;
using static Ecom.Tests.Spark.Support.History;
using Velocity = Ecom.Spark.Jobs.InventoryVelocity;

namespace Ecom.Tests.Spark;

/// <summary>Jobs, and a cluster, that outlive the shell that started them.</summary>
public sealed class JobsSubmitTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    readonly TempFolder data = new("data"), checkpoints = new("checkpoint");

    public void Dispose()
    {
        data.Dispose();
        checkpoints.Dispose();
    }

    [Fact]
    public async Task A_submitted_job_leaves_what_it_said_and_how_it_ended()
    {
        var told = await Call("submit", "fraud_detection", "--remote", "sc://localhost:1");
        await Eventually.Until(async () => (await Call("list")).Contains("ended with exit code 3", StringComparison.Ordinal), Patience, "it has ended, as there is no server");

        told.ShouldContain("fraud_detection runs since ");
        (await Call("logs", "fraud_detection")).ShouldContain("error: Spark at localhost:1 cannot be reached");
        (await Call(1, "status", "fraud_detection")).ShouldContain("--remote sc://localhost:1");
        (await Call(ExitCodes.WrongCall, "stop", "revenue_streaming")).ShouldContain("'revenue_streaming' was not submitted");
    }

    [Fact]
    public void A_detached_program_is_stopped_once_and_no_other_is_taken_for_it()
    {
        var program = new Detached(data.File("sleeper"));
        program.State.ShouldBe("never started");
        program.Run(["sleep", "1000"]);
        var id = program.Process.ShouldNotBeNull();
        new Detached(data.File("sleeper")).Process.ShouldBe(id);

        program.Stop(Patience).ShouldBeTrue();

        program.Process.ShouldBeNull();
        program.State.ShouldStartWith("was stopped at 20");

        program.Run(["sleep", "1000"]);
        using (var killed = Process.GetProcessById(program.Process.ShouldNotBeNull()))
            killed.Kill();
        program.RunsUntil(() => false, Patience).ShouldBeFalse();
        program.State.ShouldContain("is gone without a word");

        // The machine was started anew, and the id is another program's.
        data.Write("sleeper/process", $"{Environment.ProcessId} {DateTime.UtcNow.AddDays(-1):O}");
        program.Process.ShouldBeNull();
        program.Stop(Patience, force: true).ShouldBeTrue();
    }

    [Fact]
    [Needs(Runtime.SparkHome | Runtime.Kafka)]
    public Task A_submitted_job_runs_on_the_cluster_and_both_stop_when_they_are_told() => RunOnTheCluster(100, killAWorker: false);

    [Fact]
    [Needs(Runtime.SparkHome | Runtime.Kafka)]
    [Trait("Length", "Long")]
    public Task A_worker_killed_in_the_middle_of_a_batch_leaves_complete_rows() => RunOnTheCluster(60_000, killAWorker: true);

    async Task RunOnTheCluster(int records, bool killAWorker)
    {
        await using var kafka = await Broker.Start(partitions: 2);
        kafka.Produce(Enumerable.Range(0, records).Select(i => Event(At("00:00:00").AddSeconds(i), new Contracts.InventoryReserved("ORD-1", [new Contracts.StockLine($"PROD-00{i % 5 + 1}", i % 3 + 1)]))));
        var expected = Enumerable.Range(0, records).GroupBy(i => (Product: $"PROD-00{i % 5 + 1}", Hour: i / 3600))
            .Select(group => $"{group.Key.Product} {At("00:00:00").AddHours(group.Key.Hour):yyyy-MM-dd'T'HH:mm:ss}.000000Z {group.Sum(i => i % 3 + 1)}").Order(StringComparer.Ordinal).ToList();
        int[] ports = [.. Ports.Free(3), Ports.FreePair()];
        try
        {
            var up = await Call("cluster", "up", "--port", Text(ports[0]), "--master-port", Text(ports[1]), "--master-page", Text(ports[2]), "--worker-page", Text(ports[3]));
            Words(up, "runs since").ShouldBe(4);
            using (var session = SparkSession.Builder().Remote($"sc://localhost:{ports[0]}").GetOrCreate())
            {
                session.Conf().Get("spark.master").ShouldStartWith("spark://");
                session.Conf().Get("spark.executor.memory").ShouldBe("1g");
            }
            string[] submit = ["submit", Velocity.Job.Name, "--cluster", "--brokers", kafka.Brokers, "--checkpoint", checkpoints.Path, "--trigger", "200ms", "--rate", "20000"];
            await Call(submit);
            (await Call(ExitCodes.WrongCall, submit)).ShouldContain("stop inventory_velocity` first");
            if (killAWorker)
            {
                await Eventually.Until(() => checkpoints.Batches(Velocity.Job, "offsets") > checkpoints.Batches(Velocity.Job, "commits"), Patience, "a batch is under way");
                using var worker = Process.GetProcessById(new Detached(data.File("cluster/worker-1")).Process!.Value);
                worker.Kill(entireProcessTree: true);
            }

            await Eventually.Until(() => Rows(kafka).SequenceEqual(expected), Patience, "the rows are complete");
            await Eventually.Until(async () => (await Call("status", Velocity.Job.Name)).Contains("inventory_velocity batch 0: ", StringComparison.Ordinal), Patience, "the batch is told of");
            (await Call("stop", Velocity.Job.Name)).ShouldContain("ended with exit code 0");
            (await Call("logs", Velocity.Job.Name)).ShouldContain("the next start goes on from here");
        }
        finally
        {
            await Call("stop", Velocity.Job.Name);
            Words(await Call("cluster", "down"), "was stopped at").ShouldBe(killAWorker ? 3 : 4);
        }
    }

    /// <summary>What a reader that upserts by record key holds in the end.</summary>
    static IEnumerable<string> Rows(KafkaCluster kafka) => kafka.Read(Velocity.Job.OutputTopic).GroupBy(record => record.Key).Select(versions =>
    {
        using var last = JsonDocument.Parse(versions.Last().Value);
        var row = last.RootElement.GetProperty("data");
        return $"{row.GetProperty("product_id")} {row.GetProperty("window_start")} {row.GetProperty("units_sold")}";
    }).Order(StringComparer.Ordinal);

    static int Words(string text, string words) => text.Split(words).Length - 1;

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    Task<string> Call(params string[] arguments) => Call(ExitCodes.Done, arguments);

    async Task<string> Call(int expected, params string[] arguments)
    {
        await using var program = ChildProcess.Start("spark job", "dotnet", [Repository.File("spark/Jobs/bin/Ecom.Jobs.dll"), .. arguments, "--data", data.Path]);
        var code = await program.WaitForExit(Patience);
        var output = string.Join('\n', program.Output);
        code.ShouldBe(expected, output);
        return output;
    }
}
