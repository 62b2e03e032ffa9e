using System.Globalization;
using Ecom.Spark.Jobs;
using Ecom.Tests.Spark.Support;
using Ecom.Tests.Support;

namespace Ecom.Tests.Spark;

/// <summary>The server that the program finds, starts or misses.</summary>
public sealed class JobsServerTests(SparkWorld world)
{
    [Fact]
    [Needs(Runtime.SparkHome)]
    public void A_Ctrl_C_in_the_terminal_leaves_the_server_to_the_job()
    {
        const long interrupt = 1 << (2 - 1);

        var ignored = File.ReadLines($"/proc/{world.ServerProcess}/status").Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..];

        (long.Parse(ignored.Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & interrupt).ShouldBe(interrupt);
    }

    [Theory]
    [InlineData(ExitCodes.WrongCall, "no job is called 'revenue'", "revenue")]
    [InlineData(ExitCodes.WrongCall, "is no Spark Connect address", "all", "--remote", "http://localhost")]
    [InlineData(ExitCodes.WrongCall, "leave --remote out", "all", "--cluster", "--remote", "sc://localhost")]
    [InlineData(ExitCodes.WrongCall, "`./run-spark-job.sh cluster up` starts it", "all", "--cluster", "--data", "nowhere")]
    [InlineData(ExitCodes.WrongCall, "checkpoints belong to the server's side", "all", "--remote", "sc://spark.example", "--checkpoint", "mine")]
    [InlineData(ExitCodes.WrongCall, "say --partitions", "all", "--conf", "spark.sql.shuffle.partitions=3")]
    [InlineData(ExitCodes.WrongCall, "write spark.name=value", "all", "--conf", "shuffle=3")]
    [InlineData(ExitCodes.WrongCall, "--partitions '0' is no number from 1 to 1000", "all", "--partitions", "fraud_detection=0")]
    [InlineData(ExitCodes.WrongCall, "'cart_abandonment' does not run", "fraud_detection", "--rate", "cart_abandonment=5")]
    [InlineData(ExitCodes.WrongCall, "there are memory and rocksdb", "submit", "all", "--store", "disk")]
    [InlineData(ExitCodes.WrongCall, "is no interval", "all", "--trigger", "soon", "--remote", "sc://localhost")]
    [InlineData(ExitCodes.WrongCall, "--from and --to belong together", "all", "--from", "2026-03-01T00:00Z", "--remote", "sc://localhost")]
    [InlineData(ExitCodes.WrongCall, "is no time with a zone", "all", "--from", "2026-03-01", "--to", "2026-03-02", "--remote", "sc://localhost")]
    [InlineData(ExitCodes.WrongCall, "must be before --to 2026-03-01T00:00:00Z", "all", "--from", "2026-03-01T00:00Z", "--to", "2026-03-01T01:00+01:00", "--remote", "sc://localhost")]
    [InlineData(ExitCodes.WrongCall, "--slow", "all", "--slow")]
    [InlineData(ExitCodes.ServerUnreachable, "Spark at localhost:1 cannot be reached", "all", "--remote", "sc://localhost:1")]
    public async Task A_call_that_cannot_work_ends_with_one_line_and_its_code(int code, string message, params string[] arguments)
    {
        await using var program = ChildProcess.Start("spark job", "dotnet", [Repository.File("spark/Jobs/bin/Ecom.Jobs.dll"), .. arguments]);

        (await program.WaitForExit(TimeSpan.FromSeconds(60))).ShouldBe(code);

        var line = program.Output.ShouldHaveSingleItem();
        line.ShouldContain("error: ");
        line.ShouldContain(message);
    }
}
