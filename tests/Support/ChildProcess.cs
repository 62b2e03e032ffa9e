using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ecom.Tests.Support;

public sealed class ProcessEndedException(string message) : Exception(message);

/// <summary>A program that a test started: its last lines are kept for the failure message, and it is stopped by its own id.</summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    const int LinesKept = 400;
    static readonly Watchdog Watchdog = new();
    readonly Process process;
    readonly ConcurrentQueue<string> lines = new();

    ChildProcess(string name, Process process) => (Name, this.process) = (name, process);

    public string Name { get; }

    public int Id { get; private set; }

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    public IReadOnlyCollection<string> Output => lines;

    public static ChildProcess Start(
        string name, string program, IEnumerable<string> arguments, IDictionary<string, string?>? environment = null, string? folder = null)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        info.Environment[Watchdog.Variable] = Watchdog.Mark;
        foreach (var (key, value) in environment ?? new Dictionary<string, string?>())
            info.Environment[key] = value;
        var child = new ChildProcess(name, new Process { StartInfo = info, EnableRaisingEvents = true });
        child.process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        child.process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        child.process.Exited += (_, _) => Watchdog.Forget(child.Id);
        child.process.Start();
        Watchdog.Watch(child.Id = child.process.Id);
        // It may have been faster than its watch.
        if (child.HasExited)
            Watchdog.Forget(child.Id);
        child.process.StandardInput.Close();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>The command-line tool, as a person in this folder starts it; without one, at the repository's root.</summary>
    public static ChildProcess StartTool(IReadOnlyList<string> arguments, IDictionary<string, string?>? environment = null, string? folder = null) =>
        Start($"ecom {arguments[0]}", "dotnet", [Repository.Tool, .. arguments], environment, folder ?? Repository.Root);

    /// <summary>Runs a program to its end and gives what it printed; anything but exit code 0 is an error.</summary>
    public static async Task<string> Run(
        string program, IEnumerable<string> arguments, IDictionary<string, string?>? environment = null, string? folder = null, TimeSpan? deadline = null)
    {
        await using var child = Start(Path.GetFileName(program), program, arguments, environment, folder);
        var code = await child.WaitForExit(deadline ?? TimeSpan.FromMinutes(1));
        return code == 0 ? string.Join('\n', child.Output) : throw new ProcessEndedException($"{child.Name} ended with {code}.\n{child.Tail()}");
    }

    /// <param name="deadline">A quiet machine's.</param>
    public async Task<int> WaitForExit(TimeSpan deadline)
    {
        deadline = Eventually.OnABusyMachine(deadline);
        using var timer = new CancellationTokenSource(deadline);
        try
        {
            await process.WaitForExitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} did not end within {deadline.TotalSeconds:0} s.\n{Tail()}");
        }

        return process.ExitCode;
    }

    /// <summary>Waits until the program answers; one that ends or stays silent fails with its last lines.</summary>
    public async Task WaitUntil(Func<Task<bool>> ready, TimeSpan deadline, string? what = null)
    {
        try
        {
            await Eventually.Until(
                () => HasExited ? throw new ProcessEndedException($"{Name} ended with {ExitCode} at start.\n{Tail()}") : ready(),
                deadline,
                what ?? $"{Name} is ready");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{Tail()}");
        }
    }

    public string Tail(int count = 40) => string.Join('\n', lines.TakeLast(count));

    /// <summary>The crash: no chance to clean up.</summary>
    public void Kill()
    {
        if (!HasExited)
            process.Kill();
    }

    public void Interrupt() => Signal(2);

    public void Terminate() => Signal(15);

    public async Task Stop(TimeSpan? patience = null)
    {
        if (!HasExited)
        {
            Terminate();
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(patience ?? TimeSpan.FromSeconds(10)));
            Kill();
        }

        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        process.Dispose();
    }

    void Signal(int signal)
    {
        if (HasExited)
            return;
        if (OperatingSystem.IsWindows())
            process.Kill(entireProcessTree: true);
        else
            _ = SendSignal(process.Id, signal);
    }

    void Keep(string? line)
    {
        if (line is null)
            return;
        lines.Enqueue(line);
        if (lines.Count > LinesKept)
            lines.TryDequeue(out _);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
