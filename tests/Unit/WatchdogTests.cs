using System.Diagnostics;
using Ecom.Tests.Support;

namespace Ecom.Tests.Unit;

public sealed class WatchdogTests : IDisposable
{
    readonly List<Process> started = [];

    public void Dispose()
    {
        foreach (var process in started)
        {
            process.Kill();
            process.Dispose();
        }
    }

    [Fact]
    public async Task What_a_test_run_left_behind_ends_with_it_and_nothing_else_does()
    {
        if (OperatingSystem.IsWindows())
            return;
        var (left, stubborn, stopped) = (Start("exec sleep 600"), Start("trap '' TERM; while :; do sleep 1; done"), Start("exec sleep 600"));
        var watchdog = new Watchdog();
        foreach (var process in started)
            watchdog.Watch(process.Id);
        watchdog.Forget(stopped.Id);

        watchdog.Dispose();

        await left.WaitForExitAsync(TestContext.Current.CancellationToken);
        await stubborn.WaitForExitAsync(TestContext.Current.CancellationToken);
        stopped.HasExited.ShouldBeFalse();
    }

    Process Start(string script)
    {
        started.Add(Process.Start("sh", ["-c", script]));
        return started[^1];
    }
}
