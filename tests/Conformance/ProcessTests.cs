using System.Collections.Concurrent;
using System.Diagnostics;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

/// <summary>Apps as child processes, and inside the host's; `dotnet` itself stands in for one, so that the tests run on every system.</summary>
[Collection("alone")]
public sealed class ProcessTests : IDisposable
{
    readonly TempFolder folder = new("process");
    readonly ConcurrentQueue<string> lines = new();

    [Fact]
    public async Task An_app_that_ends_is_started_again_and_its_lines_are_passed_on()
    {
        await using var host = await Start([], "dotnet", "no-such-command");

        await Eventually.Until(() => lines.Count(l => l.Contains("started again")) >= 2, TimeSpan.FromSeconds(30), "it is started again");

        lines.ShouldContain(l => l.Contains("no-such-command"));
    }

    [Fact]
    public async Task An_app_that_has_done_what_it_was_for_is_not_started_again()
    {
        await using var host = await Start([], "dotnet", "--version");

        await Eventually.Until(() => lines.Contains("app|ended with 0: it is done"), TimeSpan.FromSeconds(30), "it has ended");

        lines.ShouldContain(l => l.StartsWith("app|10."));
        host.ProcessIds.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_app_keeps_its_environment_but_for_what_would_lead_it_to_another_sidecar_or_port()
    {
        string[] kept = ["ASPNETCORE_ENVIRONMENT", "ConnectionStrings__Db", "POSTGRES_HOST"], taken = ["DAPR_GRPC_ENDPOINT", "DAPR_HTTP_ENDPOINT", "URLS", "HTTP_PORTS"];
        foreach (var name in (string[])[.. kept, .. taken])
            Environment.SetEnvironmentVariable(name, "mine");
        try
        {
            var found = new TaskCompletionSource<IReadOnlyDictionary<string, string>>();
            await using var host = await Start([], (environment, _, _) =>
            {
                found.TrySetResult(environment);
                return Task.FromResult(0);
            });

            var environment = await found.Task.WaitAsync(Eventually.OnABusyMachine(TimeSpan.FromSeconds(10)));

            kept.ShouldAllBe(name => environment[name] == "mine");
            taken.ShouldAllBe(name => !environment.ContainsKey(name));
        }
        finally
        {
            foreach (var name in (string[])[.. kept, .. taken])
                Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Fact]
    public async Task An_app_that_knows_nothing_of_its_input_is_asked_to_end_by_a_signal()
    {
        if (OperatingSystem.IsWindows())
            return;
        var host = await Start([], "sh", "-c", "trap 'echo asked; exit 0' TERM; echo begun; while :; do sleep 0.1; done");
        await Eventually.Until(() => lines.Contains("app|begun"), TimeSpan.FromSeconds(10), "it runs");

        await host.DisposeAsync();

        lines.ShouldContain("app|asked");
    }

    [Fact]
    public async Task An_app_ends_with_its_host_even_when_it_does_not_listen()
    {
        var host = await Start(new() { [HostInAProcess.Variable] = HostInAProcess.Deaf }, "dotnet", typeof(ProcessTests).Assembly.Location);
        var id = await Eventually.Get(() => Task.FromResult(host.ProcessIds is [var one] ? (object)one : null), TimeSpan.FromSeconds(10), "it runs");
        var clock = Stopwatch.StartNew();

        await host.DisposeAsync();

        clock.Elapsed.ShouldBeLessThan(Eventually.OnABusyMachine(TimeSpan.FromSeconds(10)));
        Should.Throw<ArgumentException>(() => Process.GetProcessById((int)id));
    }

    [Fact]
    public async Task An_app_inside_the_host_is_started_again_when_it_ends_or_throws_and_ends_with_the_host()
    {
        var starts = 0;
        var ended = new TaskCompletionSource();
        var host = await Start(new() { ["COLOUR"] = "red", ["ASPNETCORE_URLS"] = null }, async (environment, output, stop) =>
        {
            output($"start {++starts} {environment["COLOUR"]} {environment["DAPR_HTTP_PORT"].Length > 0} {environment.ContainsKey("ASPNETCORE_URLS")}");
            if (starts == 1)
                return 3;
            if (starts == 2)
                throw new InvalidOperationException("a bug");
            await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, TaskScheduler.Default);
            ended.SetResult();
            return 0;
        });

        await Eventually.Until(() => starts == 3, TimeSpan.FromSeconds(10), "it is started again");
        await host.DisposeAsync();

        ended.Task.IsCompleted.ShouldBeTrue();
        lines.Where(l => l.StartsWith("app|start", StringComparison.Ordinal)).ShouldBe(["app|start 1 red True False", "app|start 2 red True False", "app|start 3 red True False"]);
        lines.ShouldContain("app|ended with 3; started again in 0.2 s");
        lines.ShouldContain("app|System.InvalidOperationException: a bug");
        lines.ShouldContain("app|ended with an exception; started again in 0.4 s");
    }

    [Fact]
    public async Task An_app_inside_the_host_that_does_not_end_does_not_hold_it_up_for_ever()
    {
        var begun = new TaskCompletionSource();
        var host = await Start([], (_, _, _) =>
        {
            begun.SetResult();
            return new TaskCompletionSource<int>().Task;
        });
        await begun.Task.WaitAsync(Eventually.OnABusyMachine(TimeSpan.FromSeconds(10)));

        await host.DisposeAsync().AsTask().WaitAsync(Eventually.OnABusyMachine(TimeSpan.FromSeconds(20)));
    }

    public void Dispose() => folder.Dispose();

    Task<EmbeddedHost> Start(Dictionary<string, string?> environment, AppProgram program) => Start(environment, new Dictionary<string, AppProgram> { ["app"] = program }, "in this process");

    Task<EmbeddedHost> Start(Dictionary<string, string?> environment, params string[] command) => Start(environment, new Dictionary<string, AppProgram>(), command);

    Task<EmbeddedHost> Start(Dictionary<string, string?> environment, Dictionary<string, AppProgram> programs, params string[] command)
    {
        Directory.CreateDirectory(folder.File("resources"));
        return EmbeddedHost.Start(new EmbeddedHostOptions
        {
            Run = new RunFile([new AppSpec { AppId = "app", Folder = folder.Path, AppPort = 1, Command = command }]),
            ResourcesPath = folder.File("resources"),
            DataFolder = folder.File("data"),
            FreePorts = true,
            AppEnvironment = environment,
            Programs = programs,
            Output = (app, line) => lines.Enqueue($"{app}|{line}"),
        });
    }
}
