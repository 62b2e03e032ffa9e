using System.Text.Json;
using Ecom.Contracts;
using Ecom.Tests.Support;

namespace Ecom.Tests.EndToEnd;

/// <summary>The program of the five jobs on a Spark server of its own, beside the running shop.</summary>
public sealed class SparkJobs(RealWorld world) : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    readonly TempFolder checkpoint = new("checkpoint");
    readonly int port = Ports.Free(), page = Ports.Free(), metrics = Ports.Free();
    SparkServer? server;
    ChildProcess? program;

    /// <summary>Who put two products into the cart an hour ago, and took the second out again.</summary>
    public string Forgetful { get; } = Customer.NewUser("fay");

    public async ValueTask InitializeAsync()
    {
        // Each test needs the same and is skipped.
        if (!Runtimes.Has(Runtime.RealWorld | Runtime.Spark))
            return;
        // Nobody waits half an hour for a cart to be abandoned. So old an event is not late in a job's first batch only.
        var then = DateTimeOffset.UtcNow.AddHours(-1);
        await Send(then, new CartItemAdded(Forgetful, "PROD-001", 1, 149.99m));
        await Send(then, new CartItemAdded(Forgetful, "PROD-002", 1, 12.99m));
        await Send(then.AddMinutes(29), new CartItemRemoved(Forgetful, "PROD-002"));
        server = await Task.Run(() => SparkServer.Start(port, page));
        await Start();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (program is not null)
                await program.DisposeAsync();
        }
        finally
        {
            server?.Dispose();
            checkpoint.Dispose();
        }
    }

    /// <summary>From the checkpoint on, where there is one.</summary>
    public async Task Start()
    {
        program = ChildProcess.Start(
            "spark jobs",
            "dotnet",
            [Repository.File("spark/Jobs/bin/Ecom.Jobs.dll"), "all", "--remote", $"sc://127.0.0.1:{port}", "--brokers", world.Backends.Kafka.Brokers, "--checkpoint", checkpoint.Path, "--trigger", "1s"],
            new Dictionary<string, string?> { ["SPARK_METRICS_ADDRESS"] = $"http://127.0.0.1:{metrics}" });
        await WaitUntil(() => Task.FromResult(program.Output.Where(line => line.Contains(" started: ", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]).Distinct().Count() == 6), "the five jobs, and the stream of dead letters, have started");
    }

    /// <summary>What the program, and Spark's executors, tell Prometheus.</summary>
    public Task<string[]> Metrics() => Task.WhenAll(EndToEnd.Metrics.Page(metrics), EndToEnd.Metrics.Page(page, "/metrics/executors/prometheus/"));

    /// <summary>kill -9: the server is not told, and its streams go on until a next program takes them over.</summary>
    public async Task Kill()
    {
        program!.Kill();
        await program.DisposeAsync();
    }

    /// <summary>Ctrl-C.</summary>
    /// <returns>The exit code, and what the program said.</returns>
    public async Task<(int ExitCode, string Output)> Interrupt()
    {
        program!.Interrupt();
        var code = await program.WaitForExit(TimeSpan.FromSeconds(60));
        var output = string.Join('\n', program.Output);
        await program.DisposeAsync();
        return (code, output);
    }

    /// <summary>Waits while the jobs run; when they end, so does the wait.</summary>
    public Task WaitUntil(Func<Task<bool>> condition, string what) => program!.WaitUntil(condition, Patience, what);

    Task Send<T>(DateTimeOffset time, T data)
        where T : IEvent => world.Backends.Kafka.Produce(T.Topic, data.Key, JsonSerializer.Serialize(CloudEvent.New(data, AppIds.Cart, time, null, null, null), Json.Options));
}
