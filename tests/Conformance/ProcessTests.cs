using System.Collections.Concurrent;
using System.Diagnostics;
using Ecom.Sidecar;
using Ecom.Sidecar.Config;
using Ecom.Tests.Support;

namespace Ecom.Tests.Conformance;

/// <summary>Apps as child processes; `dotnet` itself stands in for one, so that the tests run on every system.</summary>
public sealed class ProcessTests : IDisposable
{
    readonly TempFolder folder = new("process");
    readonly ConcurrentQueue<string> lines = new();

    [Fact]
    public async Task An_app_that_ends_is_started_again_and_its_lines_are_passed_on()
    {
        await using var host = await Start([], "dotnet", "--version");

        await Eventually.Until(() => lines.Count(l => l.Contains("started again")) >= 2, TimeSpan.FromSeconds(30), "it is started again");

        lines.ShouldContain(l => l.StartsWith("app|10."));
    }

    [Fact]
    public async Task An_app_ends_with_its_host_even_when_it_does_not_listen()
    {
        var host = await Start(new() { [HostInAProcess.Variable] = HostInAProcess.Deaf }, "dotnet", typeof(ProcessTests).Assembly.Location);
        var id = await Eventually.Get(() => Task.FromResult(host.ProcessIds is [var one] ? (object)one : null), TimeSpan.FromSeconds(10), "it runs");
        var clock = Stopwatch.StartNew();

        await host.DisposeAsync();

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        Should.Throw<ArgumentException>(() => Process.GetProcessById((int)id));
    }

    public void Dispose() => folder.Dispose();

    Task<EmbeddedHost> Start(Dictionary<string, string?> environment, params string[] command)
    {
        Directory.CreateDirectory(folder.File("resources"));
        return EmbeddedHost.Start(new EmbeddedHostOptions
        {
            Run = new RunFile([new AppSpec { AppId = "app", Folder = folder.Path, AppPort = 1, Command = command }]),
            ResourcesPath = folder.File("resources"),
            DataFolder = folder.File("data"),
            FreePorts = true,
            AppEnvironment = environment,
            Output = (app, line) => lines.Enqueue($"{app}|{line}"),
        });
    }
}
