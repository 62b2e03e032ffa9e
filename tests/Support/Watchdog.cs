using System.Diagnostics;

namespace Ecom.Tests.Support;

/// <summary>
/// Ends what a test run has started when the run ends without having done so, however it ends: by kill -9, too. It is a shell that is told
/// ids until its input closes, which the system does for a process that is gone.
/// </summary>
public sealed class Watchdog : IDisposable
{
    // `dapr run` may be gone before its children: where the system tells a process's environment, they are known by the run's mark in it.
    // Nobody looks for the mark after an orderly end: a compiler that a test has started serves others, too.
    const string Script = """
        trap '' INT TERM HUP
        while read -r said id; do
          others=
          for known in $ids; do [ "$known" = "$id" ] || others="$others $known"; done
          ids=$others
          [ "$said" = forget ] || ids="$ids $id"
        done
        [ -n "$ids" ] || exit 0
        for file in $(grep -ls "$0" /proc/[0-9]*/environ); do
          id=${file%/environ}
          ids="$ids ${id#/proc/}"
        done
        kill -TERM $ids
        for pause in 1 2 3 4 5 6 7 8 9 10; do
          sleep 1
          alive=
          for id in $ids; do kill -0 $id && alive="$alive $id"; done
          [ -n "$alive" ] || exit 0
          ids=$alive
        done
        kill -KILL $ids
        """;

    /// <summary>Everything that a run starts, and what that starts, has this in its environment.</summary>
    public const string Variable = "ECOM_TEST_RUN";

    readonly Lock gate = new();
    readonly Process? shell;

    /// <summary>Windows has no such shell: there only an orderly end ends the others.</summary>
    public Watchdog()
    {
        if (!OperatingSystem.IsWindows())
            shell = Process.Start(new ProcessStartInfo("sh", ["-c", Script, $"{Variable}={Mark}"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true });
    }

    public string Mark { get; } = Guid.NewGuid().ToString("N");

    public void Watch(int processId) => Say($"watch {processId}");

    public void Forget(int processId) => Say($"forget {processId}");

    public void Dispose()
    {
        shell?.StandardInput.Dispose();
        shell?.Dispose();
    }

    void Say(string line)
    {
        lock (gate)
            try
            {
                shell?.StandardInput.Write($"{line}\n");
                shell?.StandardInput.Flush();
            }
            catch (IOException)
            {
                // Somebody has ended the shell: a run goes on without it.
            }
    }
}
